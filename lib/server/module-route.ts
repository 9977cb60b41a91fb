import { resolve } from 'node:path';
import { Hono } from 'hono';
import { map } from 'rxjs';
import { isCallable } from '../config/callable.ts';
import { parseModuleReference } from '../config/module-reference.ts';
import type { ModuleRoute } from '../config/server-config.ts';
import { ModuleLoadError } from '../module/errors.ts';
import { loadModule } from '../module/module.ts';
import { answering } from './answering.ts';
import { adopt, isHono } from './http/app.ts';
import type { RouteAnswer, RouteBuilder } from './route.ts';
import { routesOfApp } from './route-pattern.ts';

const isFetcher = (value: unknown): value is { fetch(request: Request, env: unknown): Response | Promise<Response> } =>
  typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function';

const isHandler = (value: unknown): value is Parameters<typeof answering>[0] => isCallable(value);

/** What answers in the name of an export; `undefined` when it is nothing that answers. */
const answerOf = (exported: unknown, path: string): RouteAnswer | undefined => {
  if (isFetcher(exported)) {
    if (!isHono(exported)) return { handler: answering((c) => exported.fetch(c.req.raw, c.env)) };
    const base = path.replace(/\/?\*$/, '');
    const mounted = new Hono().route(base === '' ? '/' : base, exported);
    adopt(mounted);
    const find = routesOfApp(mounted);
    return {
      handler: (c) => mounted.fetch(c.req.raw, c.env),
      route: (...request) => find(...request) ?? path,
    };
  }
  return isHandler(exported) ? { handler: answering(exported) } : undefined;
};

/**
 * Loads what answers a route.
 *
 * Errors with a `ModuleLoadError` or a `ModuleTimeoutError` that names the module.
 */
export const moduleRoute: RouteBuilder<ModuleRoute> = ({ path, module }, { baseDir, deadlineMs }) => {
  const reference = parseModuleReference(module);
  if (reference === undefined) throw new TypeError(`${module} names no module`);
  const file = resolve(baseDir, reference.path);
  const options = { export: reference.export, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return loadModule(file, options).pipe(
    map(({ exported }) => {
      const answer = answerOf(exported, path);
      if (answer !== undefined) return answer;
      const what = reference.export === 'default' ? 'default export' : `export ${reference.export}`;
      throw new ModuleLoadError(file, `its ${what} can answer nothing`, {
        hint: 'export a Hono app, an object with fetch, or a function (a Hono handler)',
      });
    }),
  );
};
