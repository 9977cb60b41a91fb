import { headersTimeoutOf, initialDelayOf, limitDefaults, RESPOND_STATUS, restartDefaults } from './defaults.ts';
import { filesSettingsOf } from './files-config.ts';
import { healthSettingsOf } from './health-settings.ts';
import { http2SpecOf } from './http2-config.ts';
import { formatModuleReference, parseModuleReference } from './module-reference.ts';
import { freezePlainData } from './plain-data.ts';
import { proxySettingsOf } from './proxy-config.ts';
import { redirectSettingsOf } from './redirect-config.ts';
import type { ServerOutput } from './schema.ts';
import type { RespondConfig, RestartConfig, Route, ServerLimits } from './server-config.ts';
import type { ServerSpec } from './server-spec.ts';
import { tlsSpecOf } from './tls-config.ts';

/** Fills in what a valid config left out, so that what means the same is the same. */
export const specOf = (id: string, given: ServerOutput): ServerSpec =>
  Object.freeze({
    id,
    name: given.name ?? id,
    address: Object.freeze(given.listen),
    expose: given.expose,
    disabled: given.disabled ?? false,
    strategy: given.strategy,
    paths: given.paths ?? 'strict',
    limits: limitsOf(given),
    restart: restartOf(given.restart),
    health: healthOf(given.health),
    dependsOn: textsOf(given.dependsOn),
    tls: given.tls === undefined ? undefined : tlsSpecOf(given.tls),
    http2: http2SpecOf(given.http2),
    keepAlive: given.keepAlive ?? true,
    logFilter: textsOf(given.logFilter),
    app: given.app,
    routes: given.routes === undefined ? undefined : routesOf(given.routes),
    middleware: middlewareOf(given.middleware),
    upgrade: given.upgrade,
  });

/** Most servers depend on nobody and filter nothing: they share the list of none. */
const NONE: readonly string[] = Object.freeze([]);

/** Texts whose order means nothing. */
const textsOf = (given: readonly string[] = NONE): readonly string[] =>
  given.length === 0 ? NONE : Object.freeze([...new Set(given)].toSorted());

const middlewareOf = (given: ServerOutput['middleware']): ServerSpec['middleware'] => {
  // A list of nothing is none.
  if (given === undefined || given.length === 0) return undefined;
  freezePlainData(given);
  return given;
};

type GivenLimits = { readonly [Key in keyof ServerLimits]?: number | undefined };

const LIMITS = Object.keys(limitDefaults) as (keyof ServerLimits)[];

const limitsOf = (given: GivenLimits): ServerLimits => {
  // Most servers name none: they share the defaults.
  if (LIMITS.every((limit) => given[limit] === undefined)) return limitDefaults;
  const requestTimeoutMs = given.requestTimeoutMs ?? limitDefaults.requestTimeoutMs;
  return Object.freeze({
    headersTimeoutMs: headersTimeoutOf(given.headersTimeoutMs, requestTimeoutMs),
    requestTimeoutMs,
    handlerTimeoutMs: given.handlerTimeoutMs ?? limitDefaults.handlerTimeoutMs,
    keepAliveTimeoutMs: given.keepAliveTimeoutMs ?? limitDefaults.keepAliveTimeoutMs,
    writeTimeoutMs: given.writeTimeoutMs ?? limitDefaults.writeTimeoutMs,
    drainTimeoutMs: given.drainTimeoutMs ?? limitDefaults.drainTimeoutMs,
    maxConnections: given.maxConnections ?? limitDefaults.maxConnections,
    maxInFlight: given.maxInFlight ?? limitDefaults.maxInFlight,
    maxHeaderBytes: given.maxHeaderBytes ?? limitDefaults.maxHeaderBytes,
    maxBodyBytes: given.maxBodyBytes ?? limitDefaults.maxBodyBytes,
  });
};

type GivenRestart = { readonly [Key in keyof RestartConfig]?: number | undefined };

const restartOf = (given: GivenRestart | undefined): Required<RestartConfig> => {
  if (given === undefined) return restartDefaults;
  const maxMs = given.maxMs ?? restartDefaults.maxMs;
  return Object.freeze({
    intensity: given.intensity ?? restartDefaults.intensity,
    periodMs: given.periodMs ?? restartDefaults.periodMs,
    initialMs: initialDelayOf(given.initialMs, maxMs),
    maxMs,
  });
};

const healthOf = (given: ServerOutput['health']): ServerSpec['health'] => {
  if (given === undefined || given === false) return undefined;
  const settings = healthSettingsOf(given);
  freezePlainData(settings);
  return settings;
};

const routesOf = (given: NonNullable<ServerOutput['routes']>): readonly Route[] => {
  const routes = given.map((route) => {
    if (route.module !== undefined) return { ...route, module: moduleOf(route.module) };
    if (route.redirect !== undefined) return { ...route, redirect: redirectSettingsOf(route.redirect) };
    if (route.files !== undefined) return { ...route, files: filesSettingsOf(route.files) };
    if (route.proxy !== undefined) return { ...route, proxy: proxySettingsOf(route.proxy) };
    return route.respond === undefined ? route : { ...route, respond: respondOf(route.respond) };
  });
  freezePlainData(routes);
  // The schema has proved that each holds exactly one kind, which its output type cannot say.
  return routes as readonly unknown[] as readonly Route[];
};

type GivenRespond = { readonly [Key in keyof RespondConfig]?: RespondConfig[Key] | undefined };

const respondOf = ({ headers, ...given }: GivenRespond): GivenRespond => ({
  status: RESPOND_STATUS,
  ...given,
  ...(headers === undefined || Object.keys(headers).length === 0 ? {} : { headers }),
});

/** With the name of the export, whether it was written out or not. */
const moduleOf = (given: string): string => {
  const reference = parseModuleReference(given);
  return reference === undefined ? given : formatModuleReference(reference);
};
