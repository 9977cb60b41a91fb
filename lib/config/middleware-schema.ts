import type { MiddlewareHandler } from 'hono';
import * as v from 'valibot';
import { isCallable } from './callable.ts';
import { headerName, headerValue } from './header-schema.ts';
import type { MiddlewareConfig } from './middleware-config.ts';
import { GUARD_RETRY_MS, GUARD_STATES, STATE_HEADER } from './middleware-defaults.ts';
import { nameSchema } from './name-schema.ts';
import { type Check, noArray, rule, shape, wholeNumber } from './shape.ts';
import { wording } from './wording.ts';

/** A day: longer than any request, and short enough for a timer. */
const LONGEST_MS = 86_400_000;

const text = v.string(wording('a text'));
const flag = v.boolean(wording('true or false'));

/** A schema and what editors show of it. */
const about = <Schema extends v.GenericSchema>(description: string, schema: Schema) =>
  v.pipe(schema, v.metadata({ description }));

const maybe = <Schema extends v.GenericSchema>(description: string, schema: Schema) =>
  v.optional(about(description, schema));

const listOf = <Item extends v.GenericSchema>(item: Item, name: string) =>
  v.array(item, wording(`an array of ${name}`));

const recordOf = <Value extends v.GenericSchema>(value: Value, name: string) =>
  noArray(v.record(headerName, value, wording(name)), wording(name));

/** Settings, or `true` for none in particular. An issue is about the settings, unless something else was given. */
const trueOr = <Settings extends v.GenericSchema>(
  settings: Settings,
): v.UnionSchema<[v.LiteralSchema<true, undefined>, Settings], undefined> => {
  const yes = v.literal(true);
  return {
    ...v.union([yes, settings]),
    '~run': (dataset, config) =>
      dataset.value === true ? yes['~run'](dataset, config) : settings['~run'](dataset, config),
  };
};

/** A text that no issue shows. */
const secret = (name: string, description: string) =>
  v.pipe(
    v.unknown(),
    v.metadata({ type: 'string', description, minLength: 1, writeOnly: true }),
    v.rawTransform<unknown, string>(({ dataset, addIssue, NEVER }) => {
      if (typeof dataset.value === 'string' && dataset.value !== '') return dataset.value;
      addIssue({ input: HIDDEN, message: wording(name, `must be ${name}`) });
      return NEVER;
    }),
  );

/** What is said to have been received in the place of a secret. */
const HIDDEN = Object.freeze({});

const changes = shape('changes to headers', {
  remove: maybe('Headers that are removed, first of all.', listOf(headerName, 'header names')),
  set: maybe(
    'Headers by name; every value they have is replaced.',
    recordOf(headerValue, 'an object of header names and values'),
  ),
  add: maybe(
    'Values by header; those that are there stay.',
    recordOf(
      v.union([headerValue, listOf(headerValue, 'texts')], wording('a text, or an array of texts')),
      'an object of header names and values',
    ),
  ),
});

const httpToken = v.pipe(text, v.regex(/^[\w-]+$/, wording('a method name')));

const corsRule: Check = (record, report) => {
  const { credentials, origin = '*' } = record;
  if (credentials !== true || (origin !== '*' && !(Array.isArray(origin) && origin.includes('*')))) return;
  const message = 'would let every site use the cookies of its visitors';
  report(['credentials'], credentials, wording("origins, beside 'credentials'", message, 'name the origins'));
};

const cors = v.pipe(
  shape('true, or settings for other sites', {
    origin: maybe(
      "Sites that may read the answers; '*', all of them, by default.",
      v.union([text, listOf(text, 'origins')], wording('an origin, or an array of origins')),
    ),
    allowMethods: maybe('Methods they may use.', listOf(httpToken, 'method names')),
    allowHeaders: maybe('Headers they may send; those they ask for by default.', listOf(headerName, 'header names')),
    exposeHeaders: maybe('Headers of the answer they may read.', listOf(headerName, 'header names')),
    maxAge: maybe('Seconds for which browsers may remember this.', wholeNumber(0, LONGEST_MS)),
    credentials: maybe("Whether cookies may come along; not with the origin '*'.", flag),
  }),
  rule(corsRule),
);

/** A header that browsers obey. */
const replaceable = (header: string) =>
  maybe(
    `${header}: false leaves it out, a text replaces its value.`,
    v.union([flag, headerValue], wording('true, false or the value of the header')),
  );

const directive = v.pipe(v.string(), v.regex(/^[a-z][a-zA-Z]+$/, wording('a directive in camel case')));

const secureHeaders = shape('true, or settings for secure headers', {
  contentSecurityPolicy: maybe(
    'Sources by directive, in camel case.',
    noArray(
      v.record(directive, listOf(headerValue, 'sources'), wording('an object of directives')),
      wording('an object of directives'),
    ),
  ),
  crossOriginEmbedderPolicy: replaceable('Cross-Origin-Embedder-Policy'),
  crossOriginOpenerPolicy: replaceable('Cross-Origin-Opener-Policy'),
  crossOriginResourcePolicy: replaceable('Cross-Origin-Resource-Policy'),
  originAgentCluster: replaceable('Origin-Agent-Cluster'),
  referrerPolicy: replaceable('Referrer-Policy'),
  strictTransportSecurity: replaceable('Strict-Transport-Security'),
  xContentTypeOptions: replaceable('X-Content-Type-Options'),
  xDnsPrefetchControl: replaceable('X-DNS-Prefetch-Control'),
  xDownloadOptions: replaceable('X-Download-Options'),
  xFrameOptions: replaceable('X-Frame-Options'),
  xPermittedCrossDomainPolicies: replaceable('X-Permitted-Cross-Domain-Policies'),
  xXssProtection: replaceable('X-XSS-Protection'),
});

/** A realm is quoted in the header that asks for a password. */
const realm = maybe(
  'What browsers show when they ask who it is.',
  v.pipe(headerValue, v.regex(/^[^"\\]*$/, wording('a text without quotes and backslashes'))),
);

const user = shape('a user with a password', {
  username: about('The name, without colons.', v.pipe(text, v.regex(/^[^:]+$/, wording('a name without colons')))),
  password: secret('a password', 'The password; it is shown nowhere.'),
});

const atLeastOne = (name: string): string => wording(`at least one ${name}`);

const token = v.pipe(
  secret('a token', 'A token.'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || /^[\w.~+/-]+=*$/.test(dataset.value)) return;
    const message = 'must be made of letters, digits and -._~+/, as RFC 6750 has it';
    addIssue({ input: HIDDEN, message: wording('a token', message) });
  }),
);

const guard = shape('true, or settings for the guard', {
  allow: maybe(
    'Paths that are always let through: whole ones, or beginnings that end with an asterisk.',
    listOf(v.pipe(text, v.regex(/^\//, wording("a path that starts with '/'"))), "paths that start with '/'"),
  ),
  states: v.optional(
    v.pipe(
      listOf(text, 'states'),
      v.metadata({ description: 'States in which everything is let through.', default: [...GUARD_STATES] }),
    ),
  ),
  retryAfterMs: v.optional(
    v.pipe(
      wholeNumber(0, LONGEST_MS),
      v.metadata({ description: 'Milliseconds after which clients may come again.', default: GUARD_RETRY_MS }),
    ),
  ),
});

const settings = {
  accessLog: about('One line for each request, when its answer is over.', v.literal(true, wording('true'))),
  basicAuth: about(
    'Lets in who knows a name and its password.',
    shape('users with passwords', {
      users: about('Who may ask.', v.pipe(listOf(user, 'users'), v.minLength(1, atLeastOne('user')))),
      realm,
    }),
  ),
  bearerAuth: about(
    'Lets in who has a token.',
    shape('tokens', {
      tokens: about(
        'The tokens; they are shown nowhere.',
        v.pipe(listOf(token, 'tokens'), v.minLength(1, atLeastOne('token'))),
      ),
      realm,
    }),
  ),
  compress: about(
    'Compresses answers.',
    trueOr(
      shape('true, or settings for compression', {
        encoding: maybe(
          'The only encoding that is used; what the client likes by default.',
          v.picklist(['gzip', 'deflate'], wording("'gzip' or 'deflate'")),
        ),
        threshold: maybe('Smaller bodies, in bytes, are left alone.', wholeNumber(0, Number.MAX_SAFE_INTEGER)),
      }),
    ),
  ),
  cors: about('Lets pages of other sites read the answers.', trueOr(cors)),
  etag: about(
    'Answers 304 when the client has the body already.',
    trueOr(shape('true, or settings for entity tags', { weak: maybe('Whether tags are weak ones.', flag) })),
  ),
  headers: about(
    'Changes headers of the request before, and of the response after what answers.',
    shape('changes to headers of the request and the response', {
      request: maybe('Changes to the headers of the request.', changes),
      response: maybe('Changes to the headers of the response.', changes),
    }),
  ),
  requestId: about(
    'Gives every request an id, unless it has one, and tells it in the response.',
    trueOr(shape('true, or settings for request ids', { headerName: maybe('The header it stands in.', headerName) })),
  ),
  secureHeaders: about('Headers that tell browsers to be careful.', trueOr(secureHeaders)),
  stateGuard: about('Answers 503 while the cluster is in no state to serve.', trueOr(guard)),
  stateHeader: about(
    'Tells the state of the cluster in a header of the response.',
    trueOr(
      shape('true, or settings for the header', {
        headerName: v.optional(
          v.pipe(headerName, v.metadata({ description: 'The header it stands in.', default: STATE_HEADER })),
        ),
      }),
    ),
  ),
  stripPrefix: about(
    'Takes a prefix off the path; 404 for paths that do not begin with it.',
    v.pipe(
      v.string(wording("a path that starts with '/'")),
      v.regex(/^\/[^?#*:]*$/, wording("a path that starts with '/', without parameters")),
    ),
  ),
  timeout: about('Milliseconds after which a request gets a 504.', wholeNumber(1, LONGEST_MS)),
};

/** What middleware as data can be called. */
export const middlewareNames: readonly string[] = Object.keys(settings);

const oneName: Check = (record, report) => {
  const found = middlewareNames.filter((name) => record[name] !== undefined);
  const expected = `one of ${middlewareNames.join(', ')}`;
  if (found.length > 1) {
    const hint = 'write an object for each, in the order in which they run';
    report([], record, wording(expected, `${found.join(' and ')} cannot share an object`, hint));
  } else if (Object.keys(record).length === 0) report([], record, wording(expected));
};

/** Refuses a name alone in words of its own. */
const noName = <Schema extends v.GenericSchema>(schema: Schema): Schema => ({
  ...schema,
  '~run': (dataset, config) => {
    const name = middlewareNames.find((known) => known === dataset.value);
    if (name === undefined) {
      if (typeof dataset.value !== 'string') return schema['~run'](dataset, config);
      return v.never(wording('middleware', '', DATA_MIDDLEWARE))['~run'](dataset, config);
    }
    const byDefault = TAKES_TRUE.has(name) ? 'true' : '…';
    return v.never(wording('middleware', '', `write { ${name}: ${byDefault} }`))['~run'](dataset, config);
  },
});

const DATA_MIDDLEWARE = "data is { name: settings }; with 'workers' it may name a module: './middleware.ts'";

/** Middleware that needs no settings. */
const TAKES_TRUE: ReadonlySet<string> = new Set(
  Object.entries(settings).flatMap(([name, schema]) => (v.is(schema, true) ? [name] : [])),
);

const item = v.pipe(
  noName(shape('middleware', v.partial(v.object(settings)).entries)),
  v.metadata({
    description: 'Middleware by its name.',
    oneOf: middlewareNames.map((name) => ({ required: [name] })),
  }),
  rule(oneName),
);

const code = v.custom<MiddlewareHandler>(isCallable, wording('a function (Hono middleware)'));

const LIST = wording('an array of middleware');

const DESCRIPTION = 'What requests pass on their way in and responses on their way out, the outermost first.';

/** Middleware in code: functions, or data. */
export const middlewareSchema = v.array(
  // The schema of an item proves that it holds exactly one name, which its output type cannot say.
  v.lazy((input) => (typeof input === 'function' ? code : item)) as v.GenericSchema<
    unknown,
    MiddlewareHandler | MiddlewareConfig
  >,
  LIST,
);

/** Middleware in a file. */
export const middlewareDataSchema = v.pipe(
  v.array(v.union([item, nameSchema('Hono middleware', './middleware.ts')]), LIST),
  v.metadata({ description: DESCRIPTION }),
);
