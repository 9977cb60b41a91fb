import type { ServerSpec } from '../config/server-spec.ts';
import type { Logger } from '../log/logger.ts';
import { buildFetch } from './http/app.ts';
import { HttpServer, httpContext } from './http/http-server.ts';
import type { HostedServer, Service } from './server.ts';

/** What every kind of server needs to know of its cluster. */
export interface ServerOptions {
  readonly logger: Logger;
  /** See `ClusterOptions.overrideGlobalObjects`. */
  readonly overrideGlobalObjects: boolean;
}

/**
 * Builds what a server answers with. Throws an `AppError`; touches nothing that runs.
 *
 * @param awaited - whether requests come already, so that the first one must not wait for what could be done now.
 */
export const buildService = (spec: ServerSpec, awaited: boolean): Service => ({
  id: spec.id,
  fetch: buildFetch(spec, awaited),
  upgrade: spec.upgrade,
  limits: spec.limits,
});

/** Makes servers that speak the protocols specs ask for. */
export const serverFactory = ({ logger, overrideGlobalObjects }: ServerOptions): (() => HostedServer) => {
  const http = httpContext(logger, overrideGlobalObjects);
  return () => new HttpServer(http);
};
