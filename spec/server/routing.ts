import { isObservable, lastValueFrom } from 'rxjs';
import type { PathPolicy, Route } from '../../lib/config/server-config.ts';
import { buildService } from '../../lib/server/kinds.ts';
import { createLog, type Serving, serve, specOf } from './serving.ts';

/** Serves routes that may take their time to be built. Rejects with what keeps them from being built. */
export const serveRoutes = async (
  routes: readonly Route[],
  baseDir: string,
  more: { readonly paths?: PathPolicy; readonly deadlineMs?: number } = {},
): Promise<Serving> => {
  const { paths, ...site } = more;
  const spec = specOf({ routes });
  const service = buildService(spec, { awaited: true, logger: createLog(), baseDir, ...site });
  const { fetch } = isObservable(service) ? await lastValueFrom(service) : service;
  return serve({ app: fetch, ...(paths === undefined ? {} : { paths }) });
};
