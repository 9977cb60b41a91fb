import { isPlainObject } from './plain-data.ts';
import { wording } from './wording.ts';

/** What is said of a whole config file where its servers alone belong. */
export const WRAPPED = wording(
  'a server config, or null for none',
  'holds servers, as in a config file, and is no server itself',
  "apply takes the servers themselves: leave 'servers' out",
);

/**
 * Whether a config is the content of a config file: the servers are one level down, under `servers`.
 *
 * A server may be called `servers` too. It says where it listens itself, while of a file only what is one level down
 * does. Never throws.
 */
export const isWrapped = (config: Readonly<Record<string, unknown>>): boolean => {
  try {
    if (!Object.hasOwn(config, 'servers') || !Object.keys(config).every((key) => FILE_KEYS.has(key))) return false;
    const { servers } = config;
    if (!isPlainObject(servers) || 'listen' in servers) return false;
    const inner = Object.values(servers).filter((one) => one !== null && one !== undefined);
    return inner.length > 0 && inner.every((one) => isPlainObject(one) && 'listen' in one);
  } catch {
    // It will be refused when it is read.
    return false;
  }
};

const FILE_KEYS: ReadonlySet<string> = new Set(['servers', 'commit', 'strategy', '$schema']);

/** What is said of an event of a source where a config file belongs. */
export const EVENT_AS_FILE = wording(
  'a config file: an object',
  'is an event of a source, and no config file',
  'this is a source: wrap it, toConfigs(source).pipe(map((servers) => ({ servers })))',
);

/** What is said of an event of a source where servers belong. */
export const EVENT_AS_SERVERS = wording(
  'an object of servers by id',
  'is an event of a source, and holds no servers by id',
  'this is a source: wrap it, toConfigs(source)',
);

/** Whether a config is what a source says of one; no server is a text, so no set of servers has a `type` that is one. */
export const isEvent = (config: Readonly<Record<string, unknown>>): boolean =>
  (config.type === 'loaded' || config.type === 'failed') && 'problems' in config;
