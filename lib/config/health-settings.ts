import type { HealthCheckFunction, HealthConfig, HttpCheckConfig } from './health-config.ts';

/** A status that is well, or a class of them. */
export type StatusMatch = number | '2xx' | '3xx' | '4xx';

/** What is asked of a server to learn how it is; its defaults are filled in. */
export type HealthCheck =
  | { readonly kind: 'tcp' }
  | {
      readonly kind: 'http';
      readonly path: string;
      readonly method: NonNullable<HttpCheckConfig['method']>;
      readonly headers: Readonly<Record<string, string>>;
      /** Any of them is well. */
      readonly status: readonly StatusMatch[];
      /** What the first 64 KiB of the body must contain. */
      readonly body: string | undefined;
    }
  | { readonly kind: 'function'; readonly check: HealthCheckFunction };

/** A `HealthConfig` with its defaults filled in. */
export interface HealthSettings extends Required<Omit<HealthConfig, 'tcp' | 'http' | 'check'>> {
  readonly check: HealthCheck;
}

/** How a server is looked after when its config does not say. */
export const healthDefaults = Object.freeze({
  /** A server on this machine answers within milliseconds; one that takes seconds is as good as gone. */
  timeoutMs: 5_000,
  /** Found out soon, and the checks of a thousand servers are still only two hundred a second. */
  intervalMs: 5_000,
  /** One answer shows that it can answer. */
  riseToWarn: 1,
  /** A second one shows that this was no accident. */
  riseToOk: 1,
  /** A first failure is worth a warning, and may be an accident. */
  fallToWarn: 1,
  /** A second one is none: the checks reach no further than this machine, where nothing gets lost. */
  fallToDown: 1,
  /** Restarting cuts connections: a decision. */
  heal: false,
} as const);

/** The request of an HTTP check that says nothing more. */
export const httpCheckDefaults = Object.freeze({ path: '/', method: 'GET', status: '2xx' } as const);

type Given<Config> = { readonly [Key in keyof Config]?: Config[Key] | undefined };

/** A `HealthConfig` whose members may be there and undefined. */
export type GivenHealth = Omit<Given<HealthConfig>, 'http'> & {
  readonly http?: string | Given<HttpCheckConfig> | undefined;
};

const checkOf = ({ http, check }: GivenHealth): HealthCheck => {
  if (check !== undefined) return { kind: 'function', check };
  if (http === undefined) return { kind: 'tcp' };
  const given = typeof http === 'string' ? { path: http } : http;
  const status = given.status ?? httpCheckDefaults.status;
  return {
    kind: 'http',
    path: given.path ?? httpCheckDefaults.path,
    method: given.method ?? httpCheckDefaults.method,
    headers: given.headers ?? {},
    status: typeof status === 'object' ? status : [status],
    body: given.body,
  };
};

/** Fills in what a valid config left out, so that what means the same is the same. */
export const healthSettingsOf = (given: GivenHealth | true): HealthSettings => {
  const config = given === true ? {} : given;
  const intervalMs = config.intervalMs ?? healthDefaults.intervalMs;
  return {
    check: checkOf(config),
    timeoutMs: config.timeoutMs ?? healthDefaults.timeoutMs,
    intervalMs,
    riseIntervalMs: config.riseIntervalMs ?? intervalMs,
    fallIntervalMs: config.fallIntervalMs ?? intervalMs,
    riseToWarn: config.riseToWarn ?? healthDefaults.riseToWarn,
    riseToOk: config.riseToOk ?? healthDefaults.riseToOk,
    fallToWarn: config.fallToWarn ?? healthDefaults.fallToWarn,
    fallToDown: config.fallToDown ?? healthDefaults.fallToDown,
    heal: config.heal ?? healthDefaults.heal,
  };
};
