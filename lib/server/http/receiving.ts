const CONNECTIONS = 'http.server.connections';

const NONE: ReadonlySet<unknown> = new Set();

/**
 * The parsers of an `http.Server` that are within a request, from its first byte to its last, or wait for a first one.
 *
 * Node keeps this list for its own timeouts and shows it to nobody, and nobody else can know whether the bytes that came
 * after an answer are half a request. Empty where Node keeps it elsewhere.
 */
export const receivingParsers = (http: object): ReadonlySet<unknown> => {
  const name = Object.getOwnPropertySymbols(http).find(({ description }) => description === CONNECTIONS);
  const list: unknown = name === undefined ? undefined : Reflect.get(http, name);
  if (typeof list !== 'object' || list === null || !('active' in list) || typeof list.active !== 'function')
    return NONE;
  const active: unknown = list.active();
  return Array.isArray(active) ? new Set(active) : NONE;
};
