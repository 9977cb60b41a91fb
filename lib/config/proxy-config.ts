import { type Balance, balanceOf, type GivenBalance } from './balance-config.ts';
import { type GivenTarget, type LiveTargets, type TargetConfig, targetsOf } from './target-config.ts';

/** How an https target is recognised. */
export interface ProxyTlsConfig {
  /** Certificates that are trusted in place of the system's: PEM, or the path of a PEM file. */
  readonly ca?: string;
  /** The name the target's certificate has to bear; the host of the target by default. */
  readonly servername?: string;
  /** Refuses targets whose certificate is not trusted; `true`. */
  readonly rejectUnauthorized?: boolean;
}

/** How requests are passed on, and to whom. */
export interface ProxyConfig {
  /** Where requests go: `'http://127.0.0.1:3000'`, `'https://app.internal'`, `'unix:/run/app.sock'`. Or `targets`. */
  readonly target?: string;
  /**
   * Where requests go, when there are several that answer alike: a list, or in code a function that says who they are
   * now. Or `target`.
   */
  readonly targets?: readonly TargetConfig[] | LiveTargets;
  /** How requests are spread over targets; `'weighted'` for a list with weights, otherwise `'round-robin'`. */
  readonly balance?: Balance;
  /** What is taken away from the start of a path: `/api` turns `/api/users` into `/users`. The route has to begin with it. */
  readonly strip?: string;
  /** What is put in front of a path after `strip`: `/v2` turns `/users` into `/v2/users`. */
  readonly rewrite?: string;
  /** What `Host` says: the target's own name (the default), or what the client said. */
  readonly host?: 'target' | 'preserve';
  /** Milliseconds until a connection must stand; 5 000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds until the head of an answer must have come (504 otherwise); 25 000, `0` = no limit. */
  readonly headersTimeoutMs?: number;
  /** Milliseconds an answer may pause within its body; 60 000, `0` = no limit. */
  readonly bodyTimeoutMs?: number;
  /** Connections to each target at once, and WebSockets beside them; requests beyond wait for one. 1 024. */
  readonly maxConnections?: number;
  /**
   * Milliseconds a connection is kept without a request at most. By default as long as the target announces, less a
   * second, or 4 000 when it says nothing.
   */
  readonly keepAliveTimeoutMs?: number;
  /** How often a request that may be repeated is tried on another target; 2. */
  readonly retries?: number;
  /** Milliseconds for which a target that cannot be reached is left alone, doubled each time up to 30 000; 1 000. */
  readonly coolDownMs?: number;
  /**
   * Whose forwarding headers are believed: IP addresses and networks (`'10.0.0.0/8'`, `'::1'`), and `'unix'` for clients
   * of a unix socket. Nobody's by default.
   */
  readonly trust?: readonly string[];
  /** Lets WebSockets through; `true`. */
  readonly websocket?: boolean;
  /** How https targets are recognised. */
  readonly tls?: ProxyTlsConfig;
}

/** A `ProxyConfig` with its defaults filled in. */
export interface ProxySettings
  extends Omit<Required<ProxyConfig>, 'target' | 'keepAliveTimeoutMs' | 'strip' | 'rewrite' | 'tls'> {
  readonly keepAliveTimeoutMs?: number;
  readonly strip?: string;
  readonly rewrite?: string;
  readonly tls?: ProxyTlsConfig;
}

/** How requests are passed on when a route does not say. */
export const proxyDefaults = Object.freeze({
  balance: 'round-robin',
  host: 'target',
  /** A target in the same network answers within milliseconds; two lost handshake packets cost 3 s. */
  connectTimeoutMs: 5_000,
  /** Below the 30 s of `handlerTimeoutMs`: it is the proxy that knows which target was slow. */
  headersTimeoutMs: 25_000,
  /** The pause that nginx allows. Event streams send something more often, or raise it. */
  bodyTimeoutMs: 60_000,
  /** Envoy's limit; below the 1 024 file descriptors of many systems only one target can use it up. */
  maxConnections: 1_024,
  /** Two of three targets may be gone. */
  retries: 2,
  /** Long enough not to be a storm, short enough for a target that restarts. */
  coolDownMs: 1_000,
  websocket: true,
} as const);

/** The longest a target is left alone, in milliseconds. */
export const LONGEST_COOL_DOWN_MS = 30_000;

/** A `ProxyConfig` whose members may be there and undefined. */
export type GivenProxy = {
  readonly [Key in Exclude<keyof ProxyConfig, 'targets' | 'balance'>]?: GivenMember<ProxyConfig[Key]>;
} & {
  readonly targets?: readonly GivenTarget[] | LiveTargets | undefined;
  readonly balance?: GivenBalance | undefined;
};
type GivenMember<Member> = Member extends ProxyTlsConfig
  ? { readonly [Key in keyof Member]?: Member[Key] | undefined }
  : Member | undefined;

const NOBODY: readonly string[] = Object.freeze([]);

/**
 * Fills in what a valid config left out, so that what means the same is the same. Doing it twice changes nothing.
 */
export const proxySettingsOf = (given: string | GivenProxy): ProxySettings => {
  if (typeof given === 'string') return { ...proxyDefaults, targets: [given], trust: NOBODY };
  const { target, trust = NOBODY, keepAliveTimeoutMs, strip, rewrite, tls } = given;
  const list = given.targets ?? (target === undefined ? [] : [target]);
  const targets = typeof list === 'function' ? list : targetsOf(list);
  const isWeighted = typeof targets !== 'function' && targets.some((one) => typeof one !== 'string');
  const byDefault = isWeighted ? 'weighted' : proxyDefaults.balance;
  return {
    targets,
    trust,
    balance: given.balance === undefined ? byDefault : balanceOf(given.balance),
    host: given.host ?? proxyDefaults.host,
    connectTimeoutMs: given.connectTimeoutMs ?? proxyDefaults.connectTimeoutMs,
    headersTimeoutMs: given.headersTimeoutMs ?? proxyDefaults.headersTimeoutMs,
    bodyTimeoutMs: given.bodyTimeoutMs ?? proxyDefaults.bodyTimeoutMs,
    maxConnections: given.maxConnections ?? proxyDefaults.maxConnections,
    retries: given.retries ?? proxyDefaults.retries,
    coolDownMs: given.coolDownMs ?? proxyDefaults.coolDownMs,
    websocket: given.websocket ?? proxyDefaults.websocket,
    ...(keepAliveTimeoutMs === undefined ? {} : { keepAliveTimeoutMs }),
    ...(strip === undefined ? {} : { strip }),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(tls === undefined ? {} : { tls: tlsOf(tls) }),
  };
};

const tlsOf = ({ ca, servername, rejectUnauthorized }: NonNullable<GivenProxy['tls']>): ProxyTlsConfig => ({
  ...(ca === undefined ? {} : { ca }),
  ...(servername === undefined ? {} : { servername }),
  rejectUnauthorized: rejectUnauthorized ?? true,
});
