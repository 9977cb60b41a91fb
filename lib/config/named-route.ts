import type { Handler, MiddlewareHandler } from 'hono';
import { isCallable } from './callable.ts';
import { DISPLAY_NAME, isDisplayName } from './display-name.ts';
import { OptionsError } from './errors.ts';
import { pathProblem } from './path-pattern.ts';
import type { HandlerRoute } from './server-config.ts';

/** The environment of a handler that does not say its own; the same as in `HandlerRoute`. */
type AnyEnv = Handler extends Handler<infer E> ? E : never;

/**
 * A route in one line: what people call it, which paths, what answers, and middleware, outermost first.
 *
 * The handler knows the parameters of the path by name: `c.req.param('name')` is a `string` below `/:name`.
 *
 * Looks at everything at once, where it is written, instead of when a config with it is applied.
 *
 * @throws OptionsError when the name or the path is empty or not possible, or when the handler or a middleware is no
 * function; `option` says which.
 *
 * @example
 * ```ts
 * import { createCluster, route } from 'sluice';
 *
 * const cluster = createCluster();
 * await cluster.start();
 * const hello = route('hello', '/hello/:name', (c) => c.text(`hello ${c.req.param('name')}`));
 * await cluster.apply({ api: { listen: '127.0.0.1:0', routes: [hello] } });
 * console.log(cluster.snapshot.servers.api?.config.routes);
 * await cluster.stop();
 * ```
 */
export const route = <const Path extends string>(
  name: string,
  path: Path,
  handler: Handler<AnyEnv, Path>,
  ...middleware: readonly MiddlewareHandler[]
): HandlerRoute => {
  if (typeof name !== 'string' || !isDisplayName(name)) throw new OptionsError('name', DISPLAY_NAME);
  const problem = typeof path === 'string' ? pathProblem(path) : { expected: "'*' or a path that starts with '/'" };
  if (problem !== undefined) throw new OptionsError('path', problem.expected);
  if (!isCallable(handler)) throw new OptionsError('handler', 'a function (a Hono handler)');
  if (!middleware.every(isCallable)) throw new OptionsError('middleware', 'functions (Hono middleware)');
  return { name, path, handler, ...(middleware.length === 0 ? {} : { middleware }) };
};
