import * as v from 'valibot';
import { isCallable } from './callable.ts';
import { headerName, headerValue } from './header-schema.ts';
import type { HealthCheckFunction } from './health-config.ts';
import { healthDefaults, httpCheckDefaults } from './health-settings.ts';
import { type Check, noArray, rule, shape, wholeNumber } from './shape.ts';
import { shortForm } from './short-form.ts';
import { wording } from './wording.ts';

/** The longest time a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** Checks in closer succession would be a load of their own. */
const SHORTEST_INTERVAL_MS = 10;

const PATH = "a path that starts with '/'";

const path = v.pipe(
  v.string(wording(PATH)),
  v.metadata({ description: 'What is asked for, with its query.', examples: ['/healthz'] }),
  v.maxLength(1_024, wording(`${PATH}, of at most 1024 characters`)),
  v.regex(/^\//, wording(PATH, '', 'the server is asked at its own address; leave scheme and host out')),
  // As it goes over the wire: anything else would have to be escaped first, and a fragment is never sent.
  v.regex(/^[!-~]*$/, wording(`${PATH}, in printable ASCII`)),
  v.regex(/^[^#]*$/, wording(`${PATH}, without a fragment`)),
);

const STATUS = "a status from 200 to 499, '2xx', '3xx' or '4xx'";

const status = v.union(
  [
    v.pipe(
      v.number(wording(STATUS)),
      v.integer(wording(STATUS)),
      v.minValue(200, wording(STATUS)),
      v.maxValue(499, wording(STATUS)),
    ),
    v.picklist(['2xx', '3xx', '4xx']),
  ],
  wording(STATUS),
);

const headers = noArray(
  v.record(headerName, headerValue, wording('an object of header names and values')),
  wording('an object of header names and values'),
);

const HEAD_HAS_NO_BODY = "'GET' or 'OPTIONS', beside 'body'";

const bodyNeedsGet: Check = ({ method, body }, report) => {
  if (method === 'HEAD' && body !== undefined) {
    report(['method'], method, wording(HEAD_HAS_NO_BODY, "answers to 'HEAD' have no body"));
  }
};

const request = v.pipe(
  shape('a path, or an HTTP check', {
    path: v.optional(v.pipe(path, v.metadata({ default: httpCheckDefaults.path }))),
    method: v.optional(
      v.pipe(
        v.picklist(['GET', 'HEAD', 'OPTIONS'], wording("'GET', 'HEAD' or 'OPTIONS'")),
        v.metadata({ description: 'The method of the request.', default: httpCheckDefaults.method }),
      ),
    ),
    headers: v.optional(v.pipe(headers, v.metadata({ description: 'Headers of the request; host among them.' }))),
    status: v.optional(
      v.pipe(
        v.union(
          [
            status,
            v.pipe(
              v.array(status, wording(`${STATUS}, or an array of these`)),
              v.minLength(1, wording('at least one status')),
            ),
          ],
          wording(`${STATUS}, or an array of these`),
        ),
        v.metadata({
          description: 'Which status is well: one, several, or a class.',
          default: httpCheckDefaults.status,
        }),
      ),
    ),
    body: v.optional(
      v.pipe(
        v.string(wording('a text')),
        v.metadata({ description: 'What the first 64 KiB of the body must contain.' }),
        v.minLength(1, wording('a text of at least one character')),
        v.maxLength(1_024, wording('a text of at most 1024 characters')),
      ),
    ),
  }),
  v.metadata({ description: 'A request whose answer says whether the server is well.' }),
  rule(bodyNeedsGet),
);

const http = shortForm(path, request, wording(`${PATH}, or an object`));

const time = (least: number, description: string, byDefault?: number) =>
  v.optional(
    v.pipe(
      wholeNumber(least, LONGEST_MS),
      v.metadata({ description, ...(byDefault === undefined ? {} : { default: byDefault }) }),
    ),
  );

const count = (key: 'riseToWarn' | 'riseToOk' | 'fallToWarn' | 'fallToDown', description: string) =>
  v.optional(v.pipe(wholeNumber(1, 255), v.metadata({ description, default: healthDefaults[key] })));

const data = {
  tcp: v.optional(
    v.pipe(
      v.literal(true, wording('true', '', 'leave it out for another check')),
      v.metadata({ description: 'Something accepts connections where it listens; the default.' }),
    ),
  ),
  http: v.optional(v.pipe(http, v.metadata({ description: 'A path that is asked for, or a whole request.' }))),
  timeoutMs: time(1, 'Milliseconds a check may take.', healthDefaults.timeoutMs),
  intervalMs: time(
    SHORTEST_INTERVAL_MS,
    'Milliseconds from the end of a check to the next.',
    healthDefaults.intervalMs,
  ),
  riseIntervalMs: time(SHORTEST_INTERVAL_MS, 'The same while it recovers; intervalMs by default.'),
  fallIntervalMs: time(SHORTEST_INTERVAL_MS, 'The same while it fails; intervalMs by default.'),
  riseToWarn: count('riseToWarn', 'Successes in a row that lead from down to warn.'),
  riseToOk: count('riseToOk', 'Successes in a row that lead from warn to ok.'),
  fallToWarn: count('fallToWarn', 'Failures in a row that lead from ok to warn.'),
  fallToDown: count('fallToDown', 'Failures in a row that lead from warn to down.'),
  heal: v.optional(
    v.pipe(
      v.boolean(wording('true or false')),
      v.metadata({
        description: 'Has it restarted when it is down, within the limits of restart.',
        default: healthDefaults.heal,
      }),
    ),
  ),
};

const KINDS = ['tcp', 'http', 'check'] as const;

const oneCheck: Check = (record, report) => {
  const given = KINDS.filter((kind) => record[kind] !== undefined);
  if (given.length < 2) return;
  const message = `${given.map((kind) => `'${kind}'`).join(' and ')} exclude each other`;
  report([], record, wording('one check at most', message, `keep '${given.at(-1)}', or combine them in a 'check'`));
};

/** What other programs call these. */
const MEANT = {
  path: "write it into 'http'",
  url: "write its path into 'http'",
  interval: "write 'intervalMs', in milliseconds",
  timeout: "write 'timeoutMs', in milliseconds",
  rise: "write 'riseToWarn' and 'riseToOk'",
  fall: "write 'fallToWarn' and 'fallToDown'",
  retries: "write 'fallToWarn' and 'fallToDown'",
};

const WHAT = 'true, false, or health settings';
const description =
  'How it is looked after: what is asked, how often, and what follows; true checks that it listens, false is the same as nothing.';

/** Settings, or whether there are any. An issue is about the settings, unless something else was given. */
const flagOr = <Settings extends v.GenericSchema>(
  settings: Settings,
): v.UnionSchema<[v.BooleanSchema<undefined>, Settings], undefined> => {
  const flag = v.boolean();
  return {
    ...v.union([flag, settings]),
    '~run': (dataset, config) =>
      typeof dataset.value === 'boolean' ? flag['~run'](dataset, config) : settings['~run'](dataset, config),
  };
};

/** The health settings of a server in code. */
export const healthSchema = flagOr(
  v.pipe(
    shape(
      WHAT,
      {
        ...data,
        check: v.optional(v.custom<HealthCheckFunction>(isCallable, wording('a function', '', "data uses 'http'"))),
      },
      MEANT,
    ),
    rule(oneCheck),
  ),
);

/** The same in a file: what data alone can say. */
export const healthDataSchema = v.pipe(flagOr(shape(WHAT, data, MEANT)), v.metadata({ description }));
