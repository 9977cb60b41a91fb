import * as v from 'valibot';
import { type Check, noArray, rule, shape, wholeNumber } from './shape.ts';
import { wording } from './wording.ts';
import { MOST_WORKERS } from './workers-config.ts';

/** The longest time a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

const FORMS = `a whole number from 1 to ${MOST_WORKERS}, 'auto' or 'physical'`;
const COUNT = wording(FORMS);

const count = v.union(
  [
    v.pipe(v.number(COUNT), v.integer(COUNT), v.minValue(1, COUNT), v.maxValue(MOST_WORKERS, COUNT)),
    v.picklist(['auto', 'physical']),
  ],
  COUNT,
);

const about = { description: 'How many processes serve: a number, or as many as there are CPUs or cores for them.' };

const whole = (least: number, most: number, byDefault: number | undefined, description: string) =>
  v.optional(
    v.pipe(
      wholeNumber(least, most),
      v.metadata({ description, ...(byDefault === undefined ? {} : { default: byDefault }) }),
    ),
  );

const ms = (byDefault: number | undefined, description: string, least = 0) =>
  whole(least, LONGEST_MS, byDefault, description);

const part = (byDefault: number, description: string) => {
  const text = wording('a number from 0 to 1');
  return v.optional(
    v.pipe(v.number(text), v.minValue(0, text), v.maxValue(1, text), v.metadata({ description, default: byDefault })),
  );
};

const FACTOR = wording('a number from 1 to 100');

const backoff = v.pipe(
  shape('backoff settings', {
    factor: v.optional(
      v.pipe(
        v.number(FACTOR),
        v.minValue(1, FACTOR),
        v.maxValue(100, FACTOR),
        v.metadata({ description: 'By what the delay grows with every crash.', default: 1 }),
      ),
    ),
    maxMs: ms(15_000, 'The longest delay, in milliseconds.'),
    jitter: part(0, 'The part of each delay that chance decides.'),
    resetAfterMs: ms(5_000, 'Milliseconds a worker has to be active for the delay to begin anew.'),
  }),
  v.metadata({ description: 'What slows down a worker that crashes again and again.' }),
);

const ENV = wording('an object of texts by name');

const env = v.pipe(
  noArray(v.record(v.string(), v.string(wording('a text')), ENV), ENV),
  v.metadata({ description: 'What is added to the environment of each.' }),
);

const texts = (what: string, description: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.string(wording(what)), v.nonEmpty(wording(what))), wording(`an array, each ${what}`)),
      v.metadata({ description }),
    ),
  );

const RESPAWN = wording("'always', 'on-failure', 'never', true or false");

const beatsAgree: Check = ({ heartbeatMs = 500, heartbeatTimeoutMs = 2_500 }, report) => {
  if (typeof heartbeatMs !== 'number' || typeof heartbeatTimeoutMs !== 'number') return;
  if (heartbeatMs === 0 || heartbeatTimeoutMs > heartbeatMs) return;
  const text = wording(`more than heartbeatMs (${heartbeatMs})`, '', 'allow for some signs of life that come late');
  report(['heartbeatTimeoutMs'], heartbeatTimeoutMs, text);
};

const enoughSlots: Check = ({ count: slots, minAvailable }, report) => {
  if (typeof slots !== 'number' || typeof minAvailable !== 'number' || minAvailable <= slots) return;
  report(['minAvailable'], minAvailable, wording(`at most count (${slots})`));
};

const settings = v.pipe(
  shape('settings of workers', {
    count: v.optional(v.pipe(count, v.metadata({ ...about, default: 'auto' }))),
    sharing: v.optional(
      v.pipe(
        v.picklist(['shared', 'round-robin', 'reuse-port'], wording("'shared', 'round-robin' or 'reuse-port'")),
        v.metadata({ description: 'How workers share an address.', default: 'shared' }),
      ),
    ),
    respawn: v.optional(
      v.pipe(
        v.union([v.picklist(['always', 'on-failure', 'never']), v.boolean()], RESPAWN),
        v.metadata({ description: 'Whether a worker that ended unasked comes back.', default: 'always' }),
      ),
    ),
    shutdownTimeoutMs: ms(35_000, 'Milliseconds a worker has to leave before it is killed.'),
    startupDelayMs: ms(100, 'Milliseconds between two first starts.'),
    respawnDelayMs: ms(100, 'Milliseconds before a worker comes back.'),
    backoff: v.optional(backoff),
    crashWindowMs: ms(5_000, 'Milliseconds in which maxCrashes of one worker disable it.', 1),
    maxCrashes: whole(0, LONGEST_MS, 3, 'Crashes of one worker that disable it; 0 = no limit.'),
    coolDownMs: ms(60_000, 'Milliseconds after which a disabled worker gets one more chance; 0 = never.'),
    maxIntensity: whole(
      0,
      LONGEST_MS,
      undefined,
      'Crashes of all workers after which nobody comes back for intensityPeriodMs; no limit without it, or with 0.',
    ),
    intensityPeriodMs: ms(60_000, 'Milliseconds in which those crashes are counted.', 1),
    readyTimeoutMs: ms(30_000, 'Milliseconds a worker has to become ready.', 1),
    prepareTimeoutMs: ms(30_000, 'Milliseconds the workers have to prepare a configuration.', 1),
    surge: whole(1, MOST_WORKERS, 2, 'Processes that may be there beyond the count during a restart.'),
    minAvailable: whole(0, MOST_WORKERS, undefined, 'Workers a restart never goes below; all of them by default.'),
    spares: whole(0, MOST_WORKERS, 0, 'Booted processes that wait for a worker to fail.'),
    preload: texts('the path of a module', 'Modules that such a process loads while it waits.'),
    heartbeatMs: ms(500, 'Milliseconds between two signs of life; 0 = none, and nobody notices a blocked worker.'),
    heartbeatTimeoutMs: ms(2_500, 'Milliseconds without one after which a worker is replaced.', 1),
    maxMemoryBytes: whole(
      0,
      Number.MAX_SAFE_INTEGER,
      undefined,
      'Bytes of resident memory above which a worker is replaced; no limit without it, or with 0.',
    ),
    maxAgeMs: ms(undefined, 'Milliseconds after which a worker is replaced; no limit without it, or with 0.'),
    maxAgeJitter: part(0.1, 'The part of maxAgeMs by which workers differ.'),
    env: v.optional(env),
    execArgv: texts('an option of Node', 'Options of Node for each; those of the primary by default.'),
    code: v.optional(
      v.pipe(
        v.string(wording('the path of a module')),
        v.nonEmpty(wording('the path of a module')),
        v.metadata({
          description: 'A module that gives code to names: it exports apps, handlers or middleware, each an object.',
          examples: ['./code.ts'],
        }),
      ),
    ),
  }),
  rule(beatsAgree),
  rule(enoughSlots),
);

const either = v.union([count, settings], wording(`${FORMS}, or an object of settings`));

/** Of an object that is wrong it is said what is wrong in it; a plain union would only say that neither form fits. */
const byForm: typeof either = {
  ...either,
  '~run': (dataset, config) => {
    const { value } = dataset;
    if (typeof value === 'number' || typeof value === 'string') return count['~run']({ typed: false, value }, config);
    if (typeof value === 'object' && value !== null) return settings['~run']({ typed: false, value }, config);
    return either['~run'](dataset, config);
  },
};

/** The workers of a config file. */
export const workersSchema = v.pipe(
  byForm,
  v.metadata({ ...about, examples: [4, 'auto', { count: 'auto', maxMemoryBytes: 536_870_912 }] }),
);
