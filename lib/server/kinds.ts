import { catchError, isObservable, throwError } from 'rxjs';
import type { ServerSpec } from '../config/server-spec.ts';
import { filtered } from '../log/filtered.ts';
import type { Logger } from '../log/logger.ts';
import { bothThere, type Soon, whenThere } from '../reactive/soon.ts';
import type { Encryption } from './encryption.ts';
import { AppError } from './errors.ts';
import { fetchOf } from './http/app.ts';
import { HttpServer, httpContext } from './http/http-server.ts';
import type { Instruments } from './instruments.ts';
import type { RouteSite } from './route.ts';
import { routesOfApp } from './route-pattern.ts';
import { buildRoutes, canUpgrade } from './routes.ts';
import type { HostedServer, Service } from './server.ts';
import { buildEncryption } from './tls/tls.ts';
import { TlsError } from './tls/tls-error.ts';

/** What every kind of server needs to know of its cluster. */
export interface ServerOptions {
  readonly logger: Logger;
  /** See `ClusterOptions.overrideGlobalObjects`. */
  readonly overrideGlobalObjects: boolean;
  /** Who is told of requests; nobody without it. */
  readonly instruments?: Instruments;
}

/** Where a service is built. */
export interface ServiceSite extends Omit<RouteSite, 'server'> {
  /**
   * Requests come already: the first one must not wait for what could be done now. A thousand servers that start are
   * readied by their first requests instead: together that would be half the time their start takes.
   */
  readonly awaited: boolean;
  /** How connections are encrypted already, when that stays as it is. */
  readonly encryption?: Encryption | undefined;
}

const encrypt = ({ tls, http2 }: ServerSpec, { encryption, baseDir }: ServiceSite): Soon<Service['encryption']> =>
  tls === undefined ? undefined : (encryption ?? buildEncryption(tls, { baseDir, http2: http2 !== undefined }));

const buildApp = (
  spec: ServerSpec,
  { awaited, ...site }: ServiceSite,
): Soon<Pick<Service, 'fetch' | 'direct' | 'route'>> => {
  if (spec.app !== undefined) return { fetch: fetchOf(spec.app, awaited), route: routesOfApp(spec.app) };
  const routes = buildRoutes(spec.routes ?? [], spec.middleware, { ...site, server: spec.id });
  return whenThere(routes, ({ app, ...answers }) => ({ fetch: fetchOf(app, awaited), ...answers }));
};

/**
 * Builds what a server answers with; the part of a change that may fail, and touches nothing that runs.
 *
 * Throws an `AppError` or a `TlsError`, or emits one service and completes, or errors with one of them; unsubscribing
 * gives up.
 */
export const buildService = (spec: ServerSpec, site: ServiceSite): Soon<Service> => {
  const logger = filtered(site.logger, spec.logFilter);
  const failed = (cause: unknown): Error => (cause instanceof TlsError ? cause : new AppError(spec.id, { cause }));
  try {
    const service = whenThere(
      bothThere(buildApp(spec, logger === site.logger ? site : { ...site, logger }), encrypt(spec, site)),
      ([answers, encryption]): Service => ({
        id: spec.id,
        ...answers,
        upgrade: spec.upgrade ?? (canUpgrade(spec.routes ?? []) ? 'routes' : undefined),
        paths: spec.paths,
        limits: spec.limits,
        encryption,
        http2: spec.http2,
        keepAlive: spec.keepAlive,
        logger,
      }),
    );
    return isObservable(service) ? service.pipe(catchError((cause) => throwError(() => failed(cause)))) : service;
  } catch (cause) {
    throw failed(cause);
  }
};

/** Makes servers that speak the protocols specs ask for. */
export const serverFactory = ({ logger, overrideGlobalObjects, instruments }: ServerOptions): (() => HostedServer) => {
  const http = httpContext(logger, overrideGlobalObjects, instruments);
  return () => new HttpServer(http);
};
