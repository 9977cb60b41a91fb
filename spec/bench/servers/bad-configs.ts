import type { ClusterConfig, ServerConfig } from '../../../lib/index.ts';

const first = (good: ClusterConfig): { readonly id: string; readonly config: ServerConfig } => {
  for (const [id, config] of Object.entries(good)) if (config !== null) return { id, config };
  throw new Error('a bad config is made from a good one');
};

/** The good config with other fields in its first server. */
const withFields =
  (fields: Readonly<Record<string, unknown>>) =>
  (good: ClusterConfig): unknown => {
    const { id, config } = first(good);
    return { ...good, [id]: { ...config, ...fields } };
  };

/** The good config whose first server has routes in the place of its app. */
const withRoute =
  (route: Readonly<Record<string, unknown>>) =>
  (good: ClusterConfig): unknown => {
    const { id, config } = first(good);
    const { app: _, ...rest } = config;
    return { ...good, [id]: { ...rest, routes: [route] } };
  };

const without =
  (field: keyof ServerConfig) =>
  (good: ClusterConfig): unknown => {
    const { id, config } = first(good);
    const { [field]: _, ...rest } = config;
    return { ...good, [id]: rest };
  };

/** The good config and one server more. */
const withServer =
  (id: string, listen: (taken: string) => string) =>
  (good: ClusterConfig): unknown => {
    const { config } = first(good);
    // Defined and not assigned: `__proto__` must become a key.
    return Object.defineProperty({ ...good }, id, {
      value: { ...config, listen: listen(config.listen) },
      enumerable: true,
    });
  };

const portOf = (listen: string): string => listen.slice(listen.lastIndexOf(':') + 1);

/** Configurations that no cluster may accept, made from one that it may. */
export const badConfigs: Readonly<Record<string, (good: ClusterConfig) => unknown>> = {
  'an unknown field': withFields({ lisen: '127.0.0.1:1' }),
  'no address': without('listen'),
  'null as address': withFields({ listen: null }),
  'a number as address': withFields({ listen: 8080 }),
  'a port above 65535': withFields({ listen: '127.0.0.1:70000' }),
  'a negative port': withFields({ listen: '127.0.0.1:-1' }),
  'a hexadecimal port': withFields({ listen: '127.0.0.1:0x1F90' }),
  'no port': withFields({ listen: '127.0.0.1' }),
  'a host that is none': withFields({ listen: '999.1.1.1:80' }),
  'an empty socket path': withFields({ listen: 'unix:' }),
  'no app and no routes': without('app'),
  'both app and routes': withFields({ routes: [{ path: '/', respond: { body: 'x' } }] }),
  'a number as app': withFields({ app: 42 }),
  'an object without fetch as app': withFields({ app: { get: () => undefined } }),
  'a route of no kind': withRoute({ path: '/' }),
  'a route of two kinds': withRoute({ path: '/', respond: { body: 'x' }, handler: () => new Response('x') }),
  'a path without a slash': withRoute({ path: 'x', respond: { body: 'x' } }),
  'a status that is none': withRoute({ path: '/', respond: { status: 99 } }),
  'a negative timeout': withFields({ requestTimeoutMs: -1 }),
  'NaN as timeout': withFields({ handlerTimeoutMs: Number.NaN }),
  'a timeout that overflows timers': withFields({ keepAliveTimeoutMs: 2 ** 31 }),
  'a strategy that is none': withFields({ strategy: 'restart' }),
  'one address twice': withServer('twin', (taken) => taken),
  'a wildcard over a taken port': withServer('wide', (taken) => `:${portOf(taken)}`),
  'an empty id': withServer('', () => '127.0.0.1:0'),
  '__proto__ as id': withServer('__proto__', () => '127.0.0.1:0'),
  'a list instead of servers': (good) => Object.values(good),
  'text instead of servers': () => 'servers',
};
