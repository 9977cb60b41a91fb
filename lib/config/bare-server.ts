import { parseAddress } from './address.ts';
import { isDisplayName } from './display-name.ts';
import { isApp, type ServerOutput } from './schema.ts';

/**
 * Reads the config of a server that says no more than where it listens, which app answers, and what it is called;
 * `undefined` for everything else, and for all that is wrong with it.
 *
 * What it returns is what the schema returns: this only takes a tenth of the time, and there may be a thousand of them.
 *
 * @param config - a plain object.
 */
export const readBareServer = (config: Readonly<Record<string, unknown>>): ServerOutput | undefined => {
  const keys = Object.keys(config);
  // Known to be bare before anything is read: what the schema is to read is read only once.
  if (!keys.every((key) => key === 'listen' || key === 'app' || key === 'name')) return undefined;
  const own = (key: (typeof keys)[number]): unknown => (keys.includes(key) ? config[key] : undefined);
  const [listen, app, name] = [own('listen'), own('app'), own('name')];
  if (typeof listen !== 'string' || !isApp(app)) return undefined;
  const result = parseAddress(listen);
  if (!result.ok) return undefined;
  if (name === undefined) return { listen: result.address, app };
  return typeof name === 'string' && isDisplayName(name) ? { listen: result.address, app, name } : undefined;
};
