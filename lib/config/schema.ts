import * as v from 'valibot';
import { ADDRESS_FORMS, parseAddress } from './address.ts';
import { isCallable } from './callable.ts';
import { headersTimeoutOf, limitDefaults, restartDefaults } from './defaults.ts';
import { dependsOnSchema } from './dependency-schema.ts';
import { displayName } from './display-name.ts';
import { EXPOSE_FORMS, exposeFitsAddress, hasStrangeBraces, isExposable } from './expose.ts';
import { healthDataSchema, healthSchema } from './health-schema.ts';
import { http2NeedsTls } from './http2-schema.ts';
import { ID } from './id.ts';
import { middlewareDataSchema, middlewareSchema } from './middleware-schema.ts';
import { nameSchema } from './name-schema.ts';
import { otherNames } from './other-names.ts';
import { isPlainObject } from './plain-data.ts';
import { routesDataSchema, routesSchema } from './route-schema.ts';
import type { App, ServerLimits, UpgradeHandler } from './server-config.ts';
import { type Check, rule, shape, wholeNumber } from './shape.ts';
import { encryptionMembers } from './tls-schema.ts';
import { trafficMembers } from './traffic-schema.ts';
import { wording } from './wording.ts';
import { workersSchema } from './workers-schema.ts';

/** The longest time a timer of Node can wait; it fires at once on anything longer. */
const LONGEST_MS = 2 ** 31 - 1;

const listen = v.pipe(
  v.string(wording(ADDRESS_FORMS, '', "write '127.0.0.1:8080', or ':8080' for all interfaces")),
  v.metadata({
    description:
      'Where it listens: host and port, a port on all interfaces, or a unix socket. Port 0 is any free port, 8000-8010 the first free one of a range.',
    examples: [
      '127.0.0.1:8080',
      ':8080',
      '[::1]:8080',
      '127.0.0.1:0',
      '127.0.0.1:8000-8010',
      'localhost:8080',
      'unix:/run/x.sock',
    ],
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const result = parseAddress(dataset.value);
    if (result.ok) return result.address;
    addIssue({ message: wording(result.expected, result.message, result.hint) });
    return NEVER;
  }),
);

const number = (least: number, most: number, byDefault: number, description: string) =>
  v.optional(v.pipe(wholeNumber(least, most), v.metadata({ description, default: byDefault })));

const limit = (key: keyof ServerLimits, least: number, most: number, description: string) =>
  number(least, most, limitDefaults[key], description);

const limits = {
  headersTimeoutMs: limit(
    'headersTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds until the headers of a request must have arrived (408 otherwise); 0 = no limit.',
  ),
  requestTimeoutMs: limit(
    'requestTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds until a whole request must have arrived (408 otherwise); 0 = no limit.',
  ),
  handlerTimeoutMs: limit(
    'handlerTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds until the headers of the answer must be there (503 otherwise); 0 = no limit.',
  ),
  keepAliveTimeoutMs: limit(
    'keepAliveTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds an idle connection is kept for its next request.',
  ),
  writeTimeoutMs: limit(
    'writeTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds a client may take none of what waits to be sent to it (cut then); 0 = no limit.',
  ),
  drainTimeoutMs: limit(
    'drainTimeoutMs',
    0,
    LONGEST_MS,
    'Milliseconds a server that leaves may take to finish what it accepted; 0 cuts at once.',
  ),
  maxConnections: limit('maxConnections', 0, LONGEST_MS, 'Connections served at once; 0 = no limit.'),
  maxInFlight: limit('maxInFlight', 0, LONGEST_MS, 'Requests worked on at once (503 beyond); 0 = no limit.'),
  maxHeaderBytes: limit('maxHeaderBytes', 1_024, 1_048_576, 'Bytes of request line and headers (431 beyond).'),
  maxBodyBytes: limit(
    'maxBodyBytes',
    0,
    Number.MAX_SAFE_INTEGER,
    'Bytes of the body of a request (413 beyond); 0 = no limit.',
  ),
};

const restart = v.pipe(
  shape('restart settings', {
    intensity: number(0, LONGEST_MS, restartDefaults.intensity, 'Restarts allowed within periodMs; 0 = never.'),
    periodMs: number(1, LONGEST_MS, restartDefaults.periodMs, 'Milliseconds over which restarts are counted.'),
    initialMs: number(0, LONGEST_MS, restartDefaults.initialMs, 'Milliseconds before the first restart.'),
    maxMs: number(0, LONGEST_MS, restartDefaults.maxMs, 'The longest wait between two restarts, in milliseconds.'),
  }),
  v.metadata({ description: 'How it is started again after it crashed.' }),
  rule((record, report) => {
    const { initialMs, maxMs = restartDefaults.maxMs } = record;
    if (typeof initialMs !== 'number' || typeof maxMs !== 'number' || initialMs <= maxMs) return;
    const hint = record.maxMs === undefined ? `give 'maxMs' as well, it is ${maxMs} by default` : '';
    report(['initialMs'], initialMs, wording(`at most maxMs (${maxMs})`, '', hint));
  }),
);

const expose = v.pipe(
  v.string(wording('an http or https URL')),
  v.metadata({
    description:
      'The URL under which clients reach it, when that differs from where it listens; {host} and {port} stand for that.',
    pattern: '^[hH][tT][tT][pP][sS]?://',
    examples: ['https://example.com', 'http://localhost:{port}'],
  }),
  v.maxLength(2_048, wording('a URL of at most 2048 characters')),
  v.check((text) => !hasStrangeBraces(text), wording(EXPOSE_FORMS, 'holds braces around something else')),
  v.check(
    (text) => hasStrangeBraces(text) || isExposable(text),
    wording('an http or https URL without user and password'),
  ),
);

const strategy = v.picklist(['hot-swap', 'stop-then-start'], wording("'hot-swap' or 'stop-then-start'"));

const data = {
  listen,
  name: v.optional(displayName('What people call it; the id by default.')),
  expose: v.optional(expose),
  disabled: v.optional(
    v.pipe(v.boolean(wording('true or false')), v.metadata({ description: 'Known, but not running.', default: false })),
  ),
  strategy: v.optional(
    v.pipe(
      strategy,
      v.metadata({
        description:
          "How it is replaced: behind its open socket, or after it was stopped; the cluster's own by default.",
      }),
    ),
  ),
  restart: v.optional(restart),
  dependsOn: v.optional(dependsOnSchema),
  paths: v.optional(
    v.pipe(
      v.picklist(['strict', 'lenient'], wording("'strict' or 'lenient'")),
      v.metadata({
        description:
          'Which request paths are let through; lenient: also those with escaped slashes and empty segments.',
        default: 'strict',
      }),
    ),
  ),
  ...limits,
  ...encryptionMembers,
  ...trafficMembers,
};

/** Whether it answers requests. */
export const isApp = (value: unknown): value is App => {
  if (typeof value === 'function') return isCallable(value);
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function';
};

const timeoutsAgree: Check = (record, report) => {
  const { headersTimeoutMs: given, requestTimeoutMs = limitDefaults.requestTimeoutMs } = record;
  if (typeof given !== 'number' || typeof requestTimeoutMs !== 'number') return;
  const headers = headersTimeoutOf(given, requestTimeoutMs);
  if (headers === 0 || requestTimeoutMs === 0 || headers <= requestTimeoutMs) return;
  const hint =
    record.requestTimeoutMs === undefined
      ? `give 'requestTimeoutMs' as well, it is ${requestTimeoutMs} by default`
      : '';
  report(['headersTimeoutMs'], headers, wording(`at most requestTimeoutMs (${requestTimeoutMs})`, '', hint));
};

const oneAnswer: Check = (record, report) => {
  const hasApp = record.app !== undefined;
  const hasRoutes = record.routes !== undefined;
  if (hasApp === hasRoutes) {
    const message = hasApp ? "'app' and 'routes' exclude each other" : 'a server needs something that answers';
    report([], record, wording("either 'app' or 'routes'", message, "give 'app' or 'routes'"));
  }
};

/** What an app is surrounded with is its own business: it may rely on seeing every request first. */
const middlewareAroundRoutes: Check = (record, report) => {
  if (record.middleware === undefined || record.app === undefined) return;
  const hint = "have the app use it, or write 'routes'";
  report(['middleware'], record.middleware, wording("'routes' beside it", "surrounds 'routes', not an 'app'", hint));
};

const DATA_APP = "data uses 'routes': [{ path: '*', module: './app.ts' }]; with 'workers' it may name an app";

/** A server in code. */
export const serverSchema = v.pipe(
  shape(
    'a server',
    {
      ...data,
      app: v.optional(
        v.custom<App>(isApp, wording('a Hono app, an object with fetch, or a fetch function', '', DATA_APP)),
      ),
      routes: v.optional(routesSchema),
      middleware: v.optional(middlewareSchema),
      health: v.optional(healthSchema),
      upgrade: v.optional(v.custom<UpgradeHandler>(isCallable, wording('a function'))),
    },
    otherNames,
  ),
  rule(oneAnswer),
  rule(middlewareAroundRoutes),
  rule(timeoutsAgree),
  rule(exposeFitsAddress),
  rule(http2NeedsTls),
);

/** A server that passed. */
export type ServerOutput = v.InferOutput<typeof serverSchema>;

/** A server in a file: what data alone can say. */
const serverDataSchema = v.pipe(
  shape(
    'a server',
    {
      ...data,
      app: v.optional(nameSchema('An app', './app.ts')),
      routes: v.optional(routesDataSchema),
      middleware: v.optional(middlewareDataSchema),
      health: v.optional(healthDataSchema),
    },
    { ...otherNames, handler: "write 'routes'", fetch: "write 'routes'" },
  ),
  v.metadata({
    description: 'One server: where it listens, and what answers there.',
    oneOf: [{ required: ['app'] }, { required: ['routes'] }],
  }),
);

const envelope = {
  $schema: v.optional(
    v.pipe(v.string(wording('a text')), v.metadata({ description: 'Where an editor finds this schema; ignored.' })),
  ),
  commit: v.optional(
    v.pipe(
      v.picklist(['atomic', 'independent'], wording("'atomic' or 'independent'")),
      v.metadata({
        description: 'All or nothing, or every server for itself: bad ones keep their last good version.',
        default: 'atomic',
      }),
    ),
  ),
  strategy: v.optional(
    v.pipe(
      strategy,
      v.metadata({
        description: 'How changed servers are replaced, unless they say themselves.',
        default: 'hot-swap',
      }),
    ),
  ),
  workers: v.optional(workersSchema),
};

/** A file around its servers, which are read one by one. */
export const fileSchema = shape('a config file', {
  servers: v.custom<Readonly<Record<string, unknown>>>(
    isPlainObject,
    wording('an object of servers by id', '', "put the servers by id into 'servers'"),
  ),
  ...envelope,
});

/** A whole file of data; what its JSON Schema is made from. */
export const fileDataSchema = v.pipe(
  shape('a config file', {
    servers: v.pipe(
      v.record(v.pipe(v.string(), v.regex(ID)), v.nullable(serverDataSchema)),
      v.metadata({ description: 'The servers by id; null stands for one that is not there.' }),
    ),
    ...envelope,
  }),
  v.metadata({
    title: 'Sluice configuration',
    description: 'The servers of a cluster, and how changes are carried out.',
  }),
);
