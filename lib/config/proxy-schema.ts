import * as v from 'valibot';
import { balanceSchema } from './balance-schema.ts';
import { isCallable } from './callable.ts';
import { parseNetwork } from './network.ts';
import { pathProblem } from './path-pattern.ts';
import { proxyDefaults } from './proxy-config.ts';
import { parseTarget, TARGET_FORMS } from './proxy-target.ts';
import { type Check, rule, shape, wholeNumber } from './shape.ts';
import { shortForm } from './short-form.ts';
import { type LiveTargets, TARGET_WEIGHT } from './target-config.ts';
import { wording } from './wording.ts';

const LONGEST_MS = 2 ** 31 - 1;

/** More targets than anybody balances by hand; picking one looks at each. */
const MOST_TARGETS = 256;

/** HAProxy's and nearly nginx's, which stop at 256 and 65 535: one target in a thousand can try something out. */
const MOST_WEIGHT = 1_000;

const URL_HINT = "write it as 'url'";

const target = v.pipe(
  v.string(wording(TARGET_FORMS)),
  v.metadata({
    description: 'Where requests go: an http or https URL of host and port, or a unix socket.',
    examples: ['http://127.0.0.1:3000', 'https://app.internal', 'unix:/run/app.sock'],
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const result = parseTarget(dataset.value);
    if (!result.ok) addIssue({ message: wording(result.expected, result.message, result.hint) });
  }),
);

const number = (least: number, most: number, byDefault: number, description: string) =>
  v.optional(v.pipe(wholeNumber(least, most), v.metadata({ description, default: byDefault })));

const flag = (byDefault: boolean, description: string) =>
  v.optional(v.pipe(v.boolean(wording('true or false')), v.metadata({ description, default: byDefault })));

const PREFIX = /^(?:\/[\w.~!$&'()+,;=@-]+)+$/;

/** A path that is put before others, or taken away from them: literal, so that nobody has to guess what it matches. */
const prefix = (description: string, example: string) => {
  const text = wording("a path that starts with '/' and does not end with one");
  return v.optional(
    v.pipe(
      v.string(text),
      v.metadata({ description, examples: [example] }),
      v.maxLength(1_024, text),
      v.regex(PREFIX, text),
      v.check((path) => !/\/\.\.?(?:\/|$)/.test(path), wording("a path without '.' and '..'")),
    ),
  );
};

const tls = v.optional(
  v.pipe(
    shape('TLS settings of a proxy', {
      ca: v.optional(
        v.pipe(
          v.string(wording('certificates as PEM, or the path of a PEM file')),
          v.minLength(1, wording('certificates as PEM, or the path of a PEM file')),
          v.metadata({ description: "Certificates that are trusted in place of the system's: PEM, or a path." }),
        ),
      ),
      servername: v.optional(
        v.pipe(
          v.string(wording('a host name')),
          v.metadata({
            description: "The name the target's certificate has to bear; the host of the target by default.",
          }),
          v.regex(/^(?=.{1,253}$)[a-zA-Z\d](?:[a-zA-Z\d.-]*[a-zA-Z\d])?$/, wording('a host name')),
        ),
      ),
      rejectUnauthorized: flag(true, 'Refuses targets whose certificate is not trusted.'),
    }),
    v.metadata({ description: 'How https targets are recognised.' }),
  ),
);

const weightedTarget = shape(
  'a target',
  {
    url: target,
    weight: number(1, MOST_WEIGHT, TARGET_WEIGHT, 'How much of the work it gets, in proportion to the others.'),
  },
  { target: URL_HINT, to: URL_HINT, server: URL_HINT },
);

const targets = v.pipe(
  v.array(
    shortForm(target, weightedTarget, wording(`${TARGET_FORMS}, or an object of 'url' and 'weight'`)),
    wording('an array of targets'),
  ),
  v.minLength(1, wording('at least one target')),
  v.maxLength(MOST_TARGETS, wording(`at most ${MOST_TARGETS} targets`)),
  v.metadata({ description: 'Where requests go, when there are several that answer alike.', uniqueItems: true }),
);

const LIVE = wording('an array of targets, or a function that answers with one');

const live = v.custom<LiveTargets>(isCallable, LIVE);

const both = v.union([live, targets], LIVE);

/** A function or an array: each is told what is wrong with it in its own words. */
const listOrLive: typeof both = {
  ...both,
  '~run': (dataset, config) => (typeof dataset.value === 'function' ? live : targets)['~run'](dataset, config),
};

const TRUST = "IP addresses, networks like '10.0.0.0/8', or 'unix'";

const trust = v.pipe(
  v.array(
    v.pipe(
      v.string(wording(TRUST)),
      v.check((text) => text === 'unix' || parseNetwork(text) !== undefined, wording(TRUST)),
    ),
    wording(`an array of ${TRUST}`),
  ),
  v.metadata({
    description: "Whose forwarding headers are believed: addresses, networks, 'unix' for clients of a unix socket.",
    examples: [['10.0.0.0/8', '::1']],
  }),
);

const nameOf = (given: unknown): unknown => {
  const text: unknown = typeof given === 'object' && given !== null && 'url' in given ? given.url : given;
  const result = typeof text === 'string' ? parseTarget(text) : undefined;
  return result?.ok ? result.target.name : text;
};

const oneOrMany: Check = (record, report) => {
  const { target: one, targets: many } = record;
  if ((one === undefined) === (many === undefined)) {
    const message = one === undefined ? 'a proxy needs somewhere to go' : "'target' and 'targets' exclude each other";
    report([], record, wording("either 'target' or 'targets'", message));
  }
  if (!Array.isArray(many)) return;
  const names = many.map(nameOf);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) report(['targets', String(index)], many[index], wording('every target once'));
  }
};

/** Refuses weights where nobody looks at them. */
const weighsForSomething: Check = ({ targets: many, balance }, report) => {
  if (balance !== 'round-robin' || !Array.isArray(many)) return;
  const isWeighted = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'weight' in one && one.weight !== TARGET_WEIGHT;
  if (!many.some(isWeighted)) return;
  const hint = "write 'weighted', or leave it out";
  report(['balance'], balance, wording('a balance that looks at weights', 'has no use for weights', hint));
};

/** What other proxies call a target. */
const TARGET_HINT = "name one 'target', or several 'targets'";

const members = {
  target: v.optional(target),
  balance: v.optional(balanceSchema),
  strip: prefix('What is taken away from the start of a path; the route begins with it.', '/api'),
  rewrite: prefix('What is put in front of a path, after strip.', '/v2'),
  host: v.optional(
    v.pipe(
      v.picklist(['target', 'preserve'], wording("'target' or 'preserve'")),
      v.metadata({
        description: "What Host says: the target's own name, or the client's.",
        default: proxyDefaults.host,
      }),
    ),
  ),
  connectTimeoutMs: number(
    1,
    LONGEST_MS,
    proxyDefaults.connectTimeoutMs,
    'Milliseconds until a connection must stand.',
  ),
  headersTimeoutMs: number(
    0,
    LONGEST_MS,
    proxyDefaults.headersTimeoutMs,
    'Milliseconds until the head of an answer must have come (504 otherwise); 0 = no limit.',
  ),
  bodyTimeoutMs: number(
    0,
    LONGEST_MS,
    proxyDefaults.bodyTimeoutMs,
    'Milliseconds an answer may pause within its body; 0 = no limit.',
  ),
  maxConnections: number(
    1,
    65_535,
    proxyDefaults.maxConnections,
    'Connections to each target at once, and WebSockets beside them.',
  ),
  keepAliveTimeoutMs: v.optional(
    v.pipe(
      wholeNumber(1, LONGEST_MS),
      v.metadata({ description: 'Milliseconds a connection is kept without a request at most.' }),
    ),
  ),
  retries: number(
    0,
    MOST_TARGETS,
    proxyDefaults.retries,
    'How often a request that may be repeated is tried on another target.',
  ),
  coolDownMs: number(
    0,
    LONGEST_MS,
    proxyDefaults.coolDownMs,
    'Milliseconds for which a target that cannot be reached is left alone, doubled each time.',
  ),
  trust: v.optional(trust),
  websocket: flag(proxyDefaults.websocket, 'Lets WebSockets through.'),
  tls,
};

const proxyOf = <Targets extends v.GenericSchema>(many: Targets) =>
  v.pipe(
    shortForm(
      target,
      v.pipe(
        shape(
          'a proxy',
          { ...members, targets: v.optional(many) },
          { to: TARGET_HINT, url: TARGET_HINT, upstream: TARGET_HINT, upstreams: TARGET_HINT },
        ),
        v.metadata({ description: 'Where requests are passed on to, and how.' }),
        rule(oneOrMany),
        rule(weighsForSomething),
      ),
      wording(`${TARGET_FORMS}, or an object`),
    ),
    v.metadata({ description: 'Where requests are passed on to.' }),
  );

/** All that the config of a proxy may say. */
export const proxyOptions: readonly string[] = [...Object.keys(members), 'targets'];

/** A proxy in code: its targets may come and go. */
export const proxySchema = proxyOf(listOrLive);

/** A proxy in a file. */
export const proxyDataSchema = proxyOf(targets);

/** Refuses a `strip` that the path of its route does not begin with: it would never find anything. */
export const stripsItsPath: Check = (route, report) => {
  const { path, proxy } = route;
  if (typeof path !== 'string' || pathProblem(path) !== undefined) return;
  if (typeof proxy !== 'object' || proxy === null || !('strip' in proxy) || typeof proxy.strip !== 'string') return;
  const { strip } = proxy;
  if (!PREFIX.test(strip)) return;
  if (path !== strip && !path.startsWith(`${strip}/`)) {
    report(['proxy', 'strip'], strip, wording('what the path of the route begins with', '', `the path is '${path}'`));
  }
};
