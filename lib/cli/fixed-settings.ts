import { isDeepStrictEqual } from 'node:util';
import {
  type WorkersConfig,
  type WorkersCount,
  type WorkersSettings,
  workersSettingsOf,
} from '../config/workers-config.ts';
import type { LoadedEvent } from '../source/source.ts';

/** What a configuration asks for beside its servers. */
export type FileSettings = Pick<LoadedEvent, 'commit' | 'strategy' | 'workers'>;

/**
 * The workers that are to serve; `undefined` for none. Pure.
 *
 * @param asked - what the command line says: it wins over the file.
 */
export const workersFor = (
  { workers }: Pick<LoadedEvent, 'workers'>,
  asked: WorkersCount | undefined,
): WorkersSettings | undefined => {
  if (workers === undefined) return asked === undefined ? undefined : { count: asked };
  return { ...workersSettingsOf(workers), ...(asked === undefined ? {} : { count: asked }) };
};

/** Whether two ask for the same, but for how many there are to be. Pure. */
const isSameButCount = (a: WorkersConfig, b: WorkersConfig): boolean =>
  isDeepStrictEqual({ ...workersSettingsOf(a), count: undefined }, { ...workersSettingsOf(b), count: undefined });

/**
 * What a later configuration says in vain: a cluster stays as it was made until the next start. Saying so beats an edit
 * without effect. Pure.
 */
export const keptAsTheyWere = (first: FileSettings, now: FileSettings): readonly string[] => {
  const kept = (['commit', 'strategy'] as const)
    .filter((name) => first[name] !== now[name])
    .map((name) => `${name} stays ${first[name] ?? 'the default'} until the next start`);
  return [...kept, ...workersKept(first.workers, now.workers)];
};

const workersKept = (first: WorkersConfig | undefined, now: WorkersConfig | undefined): readonly string[] => {
  if (first === undefined)
    return now === undefined ? [] : ['workers serve from the next start on: it is one process now'];
  if (now === undefined) return ['workers stay until the next start'];
  return isSameButCount(first, now)
    ? []
    : ['settings of workers stay as they were until the next start, but for count'];
};
