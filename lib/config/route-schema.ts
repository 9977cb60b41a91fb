import type { Handler } from 'hono';
import * as v from 'valibot';
import { isCallable } from './callable.ts';
import { RESPOND_STATUS } from './defaults.ts';
import { displayName } from './display-name.ts';
import { filesSchema, namesFiles } from './files-schema.ts';
import { headerName, headerValue } from './header-schema.ts';
import { middlewareDataSchema, middlewareSchema } from './middleware-schema.ts';
import { moduleSchema } from './module-schema.ts';
import { nameSchema } from './name-schema.ts';
import { pathProblem } from './path-pattern.ts';
import { proxyDataSchema, proxySchema, stripsItsPath } from './proxy-schema.ts';
import { oneLine } from './received.ts';
import { carriesWhatIsThere, redirectSchema } from './redirect-schema.ts';
import type { UpgradeHandler } from './server-config.ts';
import { type Check, noArray, rule, shape, wholeNumber } from './shape.ts';
import { wording } from './wording.ts';

/** Answers that must not have a body: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5. */
const BODILESS: ReadonlySet<unknown> = new Set([204, 205, 304]);

const HEADERS_WORDING = wording('an object of header names and values');

const headers = v.pipe(
  noArray(v.record(headerName, headerValue, HEADERS_WORDING), HEADERS_WORDING),
  v.metadata({ description: 'Headers of the answer by name.' }),
  rule((record, report) => {
    const seen = new Map<string, string>();
    for (const name of Object.keys(record)) {
      const twin = seen.get(name.toLowerCase());
      if (twin !== undefined) {
        report([name], record[name], wording('each header once', `is the same header as '${oneLine(twin, 40)}'`));
      }
      seen.set(name.toLowerCase(), name);
    }
  }),
);

/** Whether a value survives JSON unchanged. It must have been copied by `copyPlainData`, which bounds its depth. */
const isJson = (value: unknown): boolean => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  return typeof value === 'object' && Object.getPrototypeOf(value) === null && Object.values(value).every(isJson);
};

const respond = v.pipe(
  shape('a fixed answer', {
    status: v.optional(
      v.pipe(
        wholeNumber(200, 599),
        v.metadata({ description: 'HTTP status.', default: RESPOND_STATUS, examples: [200, 404, 503] }),
      ),
    ),
    headers: v.optional(headers),
    body: v.optional(
      v.pipe(v.string(wording('a text')), v.metadata({ description: 'The body as text. Excludes json.' })),
    ),
    json: v.optional(
      v.pipe(
        v.unknown(),
        v.metadata({ description: 'The body as a JSON value, sent as application/json. Excludes body.' }),
        v.check(
          (value) => value === undefined || isJson(value),
          wording(
            'plain JSON data',
            'holds something that JSON cannot say',
            'use texts, finite numbers, true, false, null, arrays and plain objects only',
          ),
        ),
      ),
    ),
  }),
  v.metadata({ description: 'A fixed answer.', not: { required: ['body', 'json'] } }),
  rule((record, report) => {
    const hasBody = record.body !== undefined;
    const hasJson = record.json !== undefined;
    if (hasBody && hasJson) {
      report(['json'], record.json, wording("either 'body' or 'json'", "'body' and 'json' exclude each other"));
    }
    if ((hasJson || (hasBody && record.body !== '')) && BODILESS.has(record.status)) {
      report(
        ['status'],
        record.status,
        wording('a status that allows a body', 'an answer with this status has no body'),
      );
    }
  }),
);

const DATA_HANDLER = "data uses 'module'; with 'workers' it may name a handler: './handler.ts'";

/** What can answer a route. To add a kind, add an entry here, and one to `dataKinds` when it can stand in a file. */
const codeKinds = {
  handler: v.custom<Handler>(isCallable, wording('a function (a Hono handler)', '', DATA_HANDLER)),
  upgrade: v.custom<UpgradeHandler>(isCallable, wording('a function', '', 'make one with webSocket()')),
};
const dataKinds = {
  module: moduleSchema,
  respond,
  redirect: redirectSchema,
  files: filesSchema,
  proxy: proxyDataSchema,
};

type Kinds = Readonly<Record<string, unknown>>;

const methodName = v.pipe(
  v.string(wording('a method name')),
  v.regex(/^[A-Z][A-Z\d-]{0,31}$/, wording('a method name in capitals')),
  v.check(
    (name) => name !== 'ALL',
    wording('a method name', 'is no method', "leave 'methods' out to answer all of them"),
  ),
);

const common = {
  name: v.optional(displayName('What people call it; shown in snapshots.')),
  path: v.pipe(
    v.string(wording("'*' or a path that starts with '/'")),
    v.metadata({
      description: "Hono's path pattern.",
      pattern: '^(\\*$|/)',
      examples: ['/', '/users/:id', '/files/*'],
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      const problem = dataset.typed ? pathProblem(dataset.value) : undefined;
      if (problem) addIssue({ message: wording(problem.expected, problem.message, problem.hint) });
    }),
  ),
  methods: v.optional(
    v.pipe(
      v.array(methodName, wording('an array of method names')),
      v.minLength(1, wording('at least one method', '', "leave 'methods' out to answer all of them")),
      v.check((names) => new Set(names).size === names.length, wording('every method once')),
      v.metadata({ description: 'Methods answered here, in capitals; all of them by default.', uniqueItems: true }),
    ),
  ),
};

/** Refuses a route with no kind or with several. */
const oneKind =
  (kinds: Kinds): Check =>
  (record, report) => {
    const names = Object.keys(kinds);
    const found = names.filter((name) => record[name] !== undefined);
    const expected = names.length === 1 ? `'${names[0]}'` : `exactly one of ${names.join(', ')}`;
    if (found.length === 0) report([], record, wording(expected, 'a route needs something that answers it'));
    if (found.length > 1) report([], record, wording(expected, `${found.join(' and ')} exclude each other`));
  };

const allKinds = { ...codeKinds, ...dataKinds, proxy: proxySchema };

/** The kinds a route can be of. */
export const routeKinds: readonly string[] = Object.keys(allKinds);

/** A route in code: data, or functions. */
const routeSchema = v.pipe(
  shape('a route', { ...common, middleware: v.optional(middlewareSchema), ...v.partial(v.object(allKinds)).entries }),
  rule(oneKind(allKinds)),
  rule(carriesWhatIsThere),
  rule(namesFiles),
  rule(stripsItsPath),
);

const fileKinds = { ...dataKinds, handler: nameSchema('A Hono handler', './handler.ts') };

/** A route in a file: what data alone can say. */
const routeDataSchema = v.pipe(
  shape('a route', {
    ...common,
    middleware: v.optional(middlewareDataSchema),
    ...v.partial(v.object(fileKinds)).entries,
  }),
  v.metadata({
    description: 'Which requests, and what answers them.',
    oneOf: Object.keys(fileKinds).map((kind) => ({ required: [kind] })),
  }),
);

/** Refuses routes that can never be reached, because an earlier one answers the same path and method. */
const distinctRoutes: Check = (routes, report) => {
  const taken = new Map<string, string>();
  for (const [index, route] of Object.entries(routes)) {
    if (!isPathHolder(route)) continue;
    const methods: readonly unknown[] = Array.isArray(route.methods) ? route.methods : [ALL];
    const where = (method: unknown): string => `${method} ${route.path}`;
    const again = methods.find((method) => taken.has(where(ALL)) || taken.has(where(method)));
    if (again !== undefined) {
      const earlier = taken.get(where(ALL)) ?? taken.get(where(again));
      const what = `${again === ALL ? '' : `${again} `}${oneLine(route.path, 60)}`;
      const message = `routes ${earlier} and ${index} both answer ${what}`;
      report([index], route.path, wording('every path and method once', message, 'remove one of them'));
    }
    for (const method of methods) if (!taken.has(where(method))) taken.set(where(method), index);
  }
};

const isPathHolder = (route: unknown): route is { readonly path: string; readonly methods?: unknown } =>
  typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string';

/** Stands for a route without `methods`: no method has this name. */
const ALL = '*';

const listOf = <Item extends v.GenericSchema>(item: Item) =>
  v.pipe(
    v.array(item, wording('an array of routes')),
    v.metadata({ description: "What answers, as a list of routes; the first one that matches wins. Excludes 'app'." }),
  );

/** The routes of a server in code. */
export const routesSchema = v.pipe(listOf(routeSchema), rule(distinctRoutes));

/** The routes of a server in a file. */
export const routesDataSchema = listOf(routeDataSchema);
