import { oneLine } from '../config/received.ts';
import type { Entry } from './entry.ts';
import type { Site } from './site.ts';

/** Writes which of these servers run and have nobody to answer: each of their requests would get a 500. */
export const tellUnanswered = ({ handlers, logger, lives }: Site, entries: Iterable<Entry>): void => {
  if (!lives.live) return;
  for (const { config, wanted, spec, name } of entries) {
    const { app, routes, handlerKey = '' } = config;
    if (!wanted || spec.disabled || app !== undefined || routes !== undefined || handlers.keys.includes(handlerKey))
      continue;
    const lacking = handlerKey === '' ? 'no handler for it' : `no handler '${oneLine(handlerKey)}'`;
    const others = handlers.keys.map((key) => (key === '' ? "'' (the default)" : `'${oneLine(key)}'`));
    const known = others.length === 0 ? 'none at all' : `only ${others.join(', ')}`;
    logger.warn(`server ${oneLine(name)} answers every request with 500: the pool has ${lacking}, ${known}`);
  }
};
