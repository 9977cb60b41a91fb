import type { ServerSpec } from '../config/server-spec.ts';
import { buildFetch } from './http/app.ts';
import { HttpServer, type HttpServerOptions } from './http/http-server.ts';
import type { HostedServer, Service } from './server.ts';

/** What every kind of server needs to know of its cluster. */
export type ServerOptions = HttpServerOptions;

/** Builds what a server answers with. Throws an `AppError`; touches nothing that runs. */
export const buildService = (spec: ServerSpec): Service => ({
  id: spec.id,
  fetch: buildFetch(spec),
  upgrade: spec.upgrade,
  limits: spec.limits,
});

/** The server that speaks the protocol a spec asks for. */
export const createServer = (options: ServerOptions): HostedServer => new HttpServer(options);
