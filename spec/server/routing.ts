import { isObservable, lastValueFrom } from 'rxjs';
import type { FetchFunction, PathPolicy, Route } from '../../lib/config/server-config.ts';
import { buildService } from '../../lib/server/kinds.ts';
import { createLog, type Serving, serve, specOf } from './serving.ts';

/** What answers in the name of routes that may take their time to be built. Rejects with what keeps them from it. */
export const buildFetch = async (routes: readonly Route[], baseDir: string): Promise<FetchFunction> => {
  const service = buildService(specOf({ routes }), { awaited: true, logger: createLog(), baseDir });
  return (isObservable(service) ? await lastValueFrom(service) : service).fetch;
};

/** Serves such routes. */
export const serveRoutes = async (
  routes: readonly Route[],
  baseDir: string,
  { paths = 'strict' }: { readonly paths?: PathPolicy } = {},
): Promise<Serving> => serve({ app: await buildFetch(routes, baseDir), paths });
