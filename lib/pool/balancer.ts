import type { Subscription } from 'rxjs';
import { type Address, parseAddress, urlOf } from '../config/address.ts';
import type { Balance } from '../config/balance-config.ts';
import { assertOptions } from '../config/known-options.ts';
import type { ProxyConfig } from '../config/proxy-config.ts';
import { proxyOptions } from '../config/proxy-schema.ts';
import type { LiveTarget, LiveTargets } from '../config/target-config.ts';
import type { PoolReader } from './pool.ts';
import type { PoolServer } from './pool-server.ts';

/** How requests are spread over the servers of a pool, and passed on to them. */
export interface BalanceOptions extends Omit<ProxyConfig, 'target' | 'targets' | 'balance'> {
  /** Who is asked next; `'weighted'` with a `weight`, otherwise `'round-robin'`. */
  readonly by?: Balance;
  /**
   * How much of the work a server gets, in proportion to the others; 1 by default, 0 and less for none. Asked again
   * whenever a server of the view changes.
   */
  readonly weight?: (server: PoolServer) => number;
  /** Gives servers whose health is `warn` as much as those that are well; without it they get requests while none is. */
  readonly warn?: boolean;
  /** Milliseconds a connection is kept without a request at most; 750. */
  readonly keepAliveTimeoutMs?: number;
}

/**
 * A server that drains closes connections that have been silent for a second: by then they are closed from here, and no
 * request can meet one that is being closed.
 */
const KEEP_ALIVE_MS = 750;

/** Who is asked is said by the view, and who is next by `by`. */
const TAKEN: readonly string[] = ['target', 'targets', 'balance'];

const OPTIONS: readonly string[] = [
  ...['by', 'weight', 'warn'],
  ...proxyOptions.filter((option) => !TAKEN.includes(option)),
];

const NOBODY: readonly never[] = Object.freeze([]);

/** The latest that a view has said of its servers. */
interface Sight {
  servers: readonly PoolServer[];
  /** Why nothing more is said, when the view's own predicate has thrown: whoever needs it has to look again. */
  lost: { readonly error: unknown } | undefined;
}

/** Ends the subscriptions of those that nobody has any more. */
const forgotten = new FinalizationRegistry<Subscription>((subscription) => subscription.unsubscribe());

/**
 * Keeps the servers of a view in sight, for as long as somebody has what this answers with: a config has no end that
 * anybody would tell of, and a pool must not keep what it is seen with.
 */
const inSight = ({ servers$ }: Pick<PoolReader, 'servers$'>): Sight => {
  const sight: Sight = { servers: NOBODY, lost: undefined };
  const seen = new WeakRef(sight);
  const subscription = servers$.subscribe({
    next: (servers) => {
      const held = seen.deref();
      if (held !== undefined) held.servers = servers;
    },
    error: (error: unknown) => {
      const held = seen.deref();
      if (held !== undefined) held.lost = { error };
    },
  });
  forgotten.register(sight, subscription);
  return sight;
};

/** Where a listener on all interfaces answers on this machine: `localhost` may be an address of the other family. */
const reachable = (address: Address): Address => {
  if (address.kind === 'unix' || (address.host !== '' && address.host !== '0.0.0.0' && address.host !== '::')) {
    return address;
  }
  return { ...address, host: address.host === '::' ? '::1' : '127.0.0.1' };
};

/** Where a server is asked; `undefined` where a proxy cannot: over TLS on a unix socket. */
const urlFor = ({ bind, isTls }: PoolServer): string | undefined => {
  const read = parseAddress(bind);
  if (!read.ok || (read.address.kind === 'unix' && isTls)) return undefined;
  return urlOf(reachable(read.address), isTls);
};

/** How a server is as far as its checks have shown; one that was never looked at has shown nothing against it. */
const healthOf = ({ health }: PoolServer): 'ok' | 'warn' | 'down' =>
  health === undefined || health.checks === 0 ? 'ok' : health.status;

/** Whether a server passes requests on to these very targets: it would ask itself. */
const asksItself = ({ config }: PoolServer, targets: LiveTargets): boolean =>
  config.routes?.some(
    (route) => 'proxy' in route && typeof route.proxy === 'object' && route.proxy.targets === targets,
  ) ?? false;

/** Those that get requests: of the servers that run, the ones that are well, or else the ones with a warning. */
const membersOf = (servers: readonly PoolServer[], warn: boolean): readonly PoolServer[] => {
  const running = servers.filter((server) => server.state === 'running' && !server.disabled);
  const well = running.filter((server) => healthOf(server) === 'ok' || (warn && healthOf(server) === 'warn'));
  return well.length > 0 ? well : running.filter((server) => healthOf(server) === 'warn');
};

const sameTargets = (a: readonly LiveTarget[], b: readonly LiveTarget[]): boolean =>
  a.length === b.length &&
  a.every(({ url, weight, since }, index) => {
    const other = b[index];
    return url === other?.url && weight === other.weight && since === other.since;
  });

/**
 * Passes requests on to servers of a pool: the `proxy` of a route whose targets are the servers of a view, as they are
 * at each request.
 *
 * A server gets requests while it runs and is well: its health is `ok`, or nobody looks after it. As soon as it drains,
 * stops, fails or leaves the view it gets none, and finishes those it has. While none is well those with a warning are
 * asked; when there are none either, clients get 503 with `Retry-After`. A server whose routes hold this very proxy is
 * never asked; a longer way round is answered with 508.
 *
 * A request goes to another server, at most `retries` times, when nothing of it was sent, or when its connection ended
 * before an answer and it is idempotent and without a body. A POST that was sent is never sent again.
 *
 * The view is subscribed to with the first request, and let go of when the config is forgotten; whoever stops the pool
 * need not wait for it. Everything else is as for any proxy: `strip`, `headersTimeoutMs`, `tls` and so on. Servers are
 * asked where they listen, not where they are exposed; a certificate for another name needs `tls.servername`.
 *
 * Throws an `OptionsError` for an option that there is not; what others say is checked with the config of the server.
 *
 * @param view - a pool, or some of its servers: `pool.filter('name', { glob: 'api-*' })`.
 *
 * @example
 * ```ts
 * import { balance, createPool } from 'sluice/pool';
 *
 * const app = () => new Response('hello');
 * const pool = createPool({}, { name: 'api-1', listen: '127.0.0.1:0', app }, { name: 'api-2', listen: '127.0.0.1:0', app });
 * const proxy = balance(pool.filter('name', { glob: 'api-*' }), { by: 'least-in-flight' });
 * const front = await pool.storeNew({ listen: '127.0.0.1:0', routes: [{ path: '/*', proxy }] });
 * await pool.start();
 * console.log(await (await fetch(front.url)).text()); // hello
 * await pool.stop();
 * ```
 */
export const balance = (view: Pick<PoolReader, 'servers$'>, options: BalanceOptions = {}): ProxyConfig => {
  assertOptions(options, OPTIONS);
  const { by, weight, warn = false, keepAliveTimeoutMs = KEEP_ALIVE_MS, ...passing } = options;
  let sight: Sight | undefined;
  let latest: readonly PoolServer[] | undefined;
  let current: readonly LiveTarget[] = NOBODY;

  const targetOf = (server: PoolServer): readonly LiveTarget[] => {
    const url = urlFor(server);
    if (url === undefined || asksItself(server, targets)) return NOBODY;
    const since = server.snapshot?.since;
    return [{ url, weight: weight?.(server) ?? 1, ...(since === undefined ? {} : { since }) }];
  };

  const targets: LiveTargets = () => {
    if (sight === undefined || sight.lost !== undefined) sight = inSight(view);
    const { servers, lost } = sight;
    // The proxy says so, and goes on with the targets it had.
    if (lost !== undefined) throw lost.error;
    if (servers === latest) return current;
    const next = membersOf(servers, warn).flatMap(targetOf);
    if (!sameTargets(current, next)) current = next;
    latest = servers;
    return current;
  };

  const order = by ?? (weight === undefined ? 'round-robin' : 'weighted');
  return { ...passing, targets, balance: order, keepAliveTimeoutMs };
};
