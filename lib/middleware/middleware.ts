import type { MiddlewareHandler } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import type { CorsConfig, MiddlewareConfig, MiddlewareSettings } from '../config/middleware-config.ts';
import type { Logger } from '../log/logger.ts';
import { accessLog } from './access-log.ts';
import { headers } from './headers.ts';
import { requestId } from './request-id.ts';
import { ownResponseHeaders } from './response-headers.ts';
import { stateGuard } from './state-guard.ts';
import { stateHeader } from './state-header.ts';
import { stripPrefix } from './strip-prefix.ts';

/** Where middleware is made. */
export interface MiddlewareSite {
  readonly logger: Logger;
  /** The state of the cluster now. */
  readonly state: () => string;
}

type Makers = {
  readonly [Name in keyof MiddlewareSettings]: (
    settings: MiddlewareSettings[Name],
    site: MiddlewareSite,
  ) => MiddlewareHandler;
};

/** Hono changes some of the options it is given, and configs are frozen. */
const optionsOf = <Settings extends object>(settings: true | Settings): Partial<Settings> =>
  settings === true ? {} : { ...settings };

const corsOf = ({ origin = '*', allowMethods, allowHeaders, exposeHeaders, ...rest }: CorsConfig): MiddlewareHandler =>
  cors({
    ...rest,
    origin: typeof origin === 'string' ? origin : [...origin],
    ...(allowMethods === undefined ? {} : { allowMethods: [...allowMethods] }),
    ...(allowHeaders === undefined ? {} : { allowHeaders: [...allowHeaders] }),
    ...(exposeHeaders === undefined ? {} : { exposeHeaders: [...exposeHeaders] }),
  });

/** For middleware that cannot cope with the answer of a `fetch`, whose headers nobody may change. */
const onOwnHeaders =
  (middleware: MiddlewareHandler): MiddlewareHandler =>
  (c, next) =>
    middleware(c, async () => {
      await next();
      ownResponseHeaders(c);
    });

const makers: Makers = {
  accessLog: (_, { logger }) => accessLog(logger),
  basicAuth: ({ users: [first, ...others], realm }) => {
    // Its schema wants one at least.
    if (first === undefined) throw new TypeError('basicAuth needs a user');
    const given = realm === undefined ? {} : { realm };
    return basicAuth({ ...first, ...given }, ...others.map((user) => ({ ...user })));
  },
  bearerAuth: ({ tokens, realm }) => bearerAuth({ token: [...tokens], ...(realm === undefined ? {} : { realm }) }),
  compress: (settings) => compress(optionsOf(settings)),
  cors: (settings) => corsOf(optionsOf(settings)),
  etag: (settings) => onOwnHeaders(etag(optionsOf(settings))),
  headers: (settings) => headers(settings),
  requestId: (settings) => requestId(optionsOf(settings)),
  secureHeaders: (settings) => {
    const { contentSecurityPolicy: policy, ...rest } = optionsOf(settings);
    if (policy === undefined) return onOwnHeaders(secureHeaders(rest));
    const directives = Object.entries(policy).map(([name, sources]) => [name, [...sources]] as const);
    return onOwnHeaders(secureHeaders({ ...rest, contentSecurityPolicy: Object.fromEntries(directives) }));
  },
  stateGuard: (settings, { state }) => stateGuard(state, optionsOf(settings)),
  stateHeader: (settings, { state }) => stateHeader(state, optionsOf(settings)),
  stripPrefix: (prefix) => stripPrefix(prefix),
  timeout: (ms) => timeout(ms),
};

const make = <Name extends keyof MiddlewareSettings>(
  name: Name,
  settings: MiddlewareSettings[Name],
  site: MiddlewareSite,
): MiddlewareHandler => makers[name](settings, site);

const isName = (name: string): name is keyof MiddlewareSettings => Object.hasOwn(makers, name);

/** Makes the middleware that a valid config asks for. */
export const middlewareOf = (config: MiddlewareHandler | MiddlewareConfig, site: MiddlewareSite): MiddlewareHandler => {
  if (typeof config === 'function') return config;
  const settings: Partial<MiddlewareSettings> = config;
  const [name = ''] = Object.keys(settings);
  const given = isName(name) ? settings[name] : undefined;
  if (!isName(name) || given === undefined) throw new TypeError(`there is no middleware called ${name}`);
  return make(name, given, site);
};

/** Whether a config asks for CORS: what asks for leave to send a request, with `OPTIONS`, has to get there too. */
export const isCors = (config: MiddlewareHandler | MiddlewareConfig): boolean =>
  typeof config !== 'function' && 'cors' in config;
