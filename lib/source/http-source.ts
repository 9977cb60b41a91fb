import {
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  switchMap,
  takeUntil,
  timeout,
} from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import type { Environment } from '../config/interpolate.ts';
import { parseJson } from '../config/json-text.ts';
import { oneLine } from '../config/received.ts';
import { redact } from '../config/secrets.ts';
import type { BackoffConfig } from '../reactive/backoff.ts';
import { fromAbortSignal } from '../reactive/from-abort-signal.ts';
import type { Fault } from './fault.ts';
import { decode } from './file/decode.ts';
import { hashOf, MAX_FILE_BYTES } from './file/read.ts';
import { createHttpClient } from './http/client.ts';
import { contentFormatOf, type DataFormat } from './http/content-format.ts';
import type { Fetched, Validators } from './http/fetch.ts';
import { poll } from './http/poll.ts';
import { type HttpTarget, shownUrl, targetOf } from './http/target.ts';
import { problemOf } from './problem.ts';
import { failed, readData } from './read-config.ts';
import type { Problem, Source, SourceEvent } from './source.ts';
import { parseYaml } from './yaml/yaml.ts';

/** How a URL is followed. */
export interface HttpSourceOptions {
  /** Milliseconds between two questions; 30 000 by default, at least 10. */
  readonly intervalMs?: number;
  /** Milliseconds one question may take, with redirects and body; 10 000 by default. */
  readonly timeoutMs?: number;
  /** Milliseconds before a question that failed is asked again, doubled for each in a row: 1 000, at most 300 000. */
  readonly backoff?: Partial<BackoffConfig>;
  /** Sent along, a token for example. Not sent to other origins that redirects lead to, and shown nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How the answer is read; by default its content type says it, or the end of the URL. */
  readonly format?: DataFormat;
  /** Redirects followed for one question; 3 by default. */
  readonly maxRedirects?: number;
  /** Keeps asking; `true` by default. Without it there is one question, and another whenever `reload$` emits. */
  readonly watch?: boolean;
  /** Whatever it emits, the server is asked at once, and the answer is reported changed or not. */
  readonly reload$?: Observable<unknown>;
  /**
   * What `${NAME}` in the answer stands for. Not given, such texts stay as they are: what comes over the network does
   * not get to read the environment of this process.
   */
  readonly env?: Environment;
  /** Aborting it is unsubscribing, and completes the source. */
  readonly signal?: AbortSignal;
}

/**
 * Configurations from a URL that serves JSON or YAML, asked again and again.
 *
 * Cold: each subscription asks at once, over a connection of its own, and then every `intervalMs`; unsubscribing aborts
 * the request under way and closes the connection. A content that is new is one event; `304`, and the same bytes again,
 * are none (it asks with `If-None-Match` and `If-Modified-Since`). Whatever fails is a `failed` event, once for as long
 * as it fails in the same way, and the question is asked again with backoff and jitter, or when `Retry-After` says (an
 * hour at most). When it works again, the content is reported again, changed or not. Never errors; completes with
 * `signal`, and with `watch: false` after the answer, once `reload$` has completed.
 *
 * Refused: more than 1 MiB, compressed answers, redirects from https to http, code. Problems call the source by its URL
 * without user, password and query.
 *
 * @throws OptionsError for options that nothing can work with.
 */
export const httpSource = (url: string | URL, options: HttpSourceOptions = {}): Source => {
  const schedule = { ...scheduleOf(options), random: Math.random };
  const { headers = {}, watch = true, reload$ = EMPTY, signal } = options;
  const timeoutMs = numberOf('timeoutMs', options.timeoutMs, 10_000, 1);
  const maxRedirects = numberOf('maxRedirects', options.maxRedirects, 3, 0);
  checkHeaders(headers);
  const target = targetOf(url, headers);
  if (target === undefined) return of(failed(shownUrl(url), problemOf(shownUrl(url), NO_URL, '')));
  const { shown } = target;

  return defer(() => {
    const client = createHttpClient();
    const failures = { count: 0 };
    let content: Content | undefined;
    let complaint: string | undefined;

    const ask = (): Observable<Fetched & { readonly failed: boolean }> =>
      client.fetch({ ...target, known: content?.validators, maxBytes: MAX_FILE_BYTES, maxRedirects }).pipe(
        timeout({ first: timeoutMs, with: () => of<Fetched>({ type: 'failed', fault: tooSlow(timeoutMs) }) }),
        map((fetched) => ({ ...fetched, failed: fetched.type === 'failed' })),
      );

    const eventOf = (fetched: Fetched, wanted: boolean): SourceEvent | undefined => {
      if (fetched.type === 'failed') {
        const same = complaint === fetched.fault.message;
        complaint = fetched.fault.message;
        return same && !wanted ? undefined : failed(shown, problemOf(shown, fetched.fault, ''));
      }
      const recovered = complaint !== undefined;
      complaint = undefined;
      if (fetched.type === 'content') {
        const hash = `${fetched.contentType} ${hashOf(fetched.bytes)}`;
        const { validators } = fetched;
        if (hash !== content?.hash) {
          content = { hash, validators, event: read(fetched, target, options) };
          return content.event;
        }
        content = { ...content, validators };
      }
      return wanted || recovered ? content?.event : undefined;
    };

    return merge(of(undefined), reload$.pipe(catchError(() => EMPTY))).pipe(
      // Who asks now does not want to wait for an answer to an older question.
      switchMap(() =>
        (watch ? poll(ask, schedule, failures) : ask()).pipe(map((fetched, index) => ({ fetched, index }))),
      ),
      map(({ fetched, index }) => eventOf(fetched, index === 0)),
      filter((event) => event !== undefined),
      map((event) => withoutSecrets(event, target)),
      finalize(() => client.close()),
      takeUntil(signal === undefined ? NEVER : fromAbortSignal(signal)),
    );
  });
};

/** What the server said last that could be read as a text, and what that meant. */
interface Content {
  readonly hash: string;
  readonly validators: Validators;
  readonly event: SourceEvent;
}

const read = (
  { bytes, contentType, url }: Extract<Fetched, { type: 'content' }>,
  { shown }: HttpTarget,
  options: HttpSourceOptions,
): SourceEvent => {
  const format = options.format ?? contentFormatOf(contentType, url);
  if (format === undefined) return failed(shown, problemOf(shown, unknownFormat(contentType), ''));
  const decoded = decode(bytes);
  if (!decoded.ok) return failed(shown, problemOf(shown, decoded.fault, ''));
  const { text } = decoded;
  return readData(shown, text, format === 'json' ? parseJson(text) : parseYaml(text), options);
};

/** A server may send back what it was asked with. */
const withoutSecrets = (event: SourceEvent, { secrets }: HttpTarget): SourceEvent => {
  const clean = (problem: Problem): Problem => ({
    ...problem,
    message: redact(problem.message, secrets),
    hint: redact(problem.hint, secrets),
    ...(problem.server === undefined ? {} : { server: redact(problem.server, secrets) }),
    ...(problem.path === undefined ? {} : { path: redact(problem.path, secrets) }),
  });
  if (event.type === 'loaded') return { ...event, problems: event.problems.map(clean) };
  const [first, ...rest] = event.problems;
  return { ...event, problems: [clean(first), ...rest.map(clean)] };
};

const scheduleOf = ({ intervalMs, backoff = {} }: HttpSourceOptions) => ({
  intervalMs: numberOf('intervalMs', intervalMs, 30_000, 10),
  initialMs: numberOf('backoff.initialMs', backoff.initialMs, 1_000, 1),
  maxMs: numberOf('backoff.maxMs', backoff.maxMs, 300_000, 1),
});

/** The longest time a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

const numberOf = (option: string, given: number | undefined, byDefault: number, least: number): number => {
  const value = given ?? byDefault;
  if (Number.isInteger(value) && value >= least && value <= LONGEST_MS) return value;
  throw new OptionsError(option, `a whole number from ${least} to ${LONGEST_MS}`);
};

/** What the HTTP client would refuse too, but each time it asks. */
const checkHeaders = (headers: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(headers)) {
    if (/^[!#$%&'*+.^`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new OptionsError('headers', 'names and values that HTTP headers can have');
  }
};

const NO_URL = {
  code: 'ERR_SOURCE_FORMAT',
  message: 'this is no http or https URL',
  hint: 'write https://example.com/sluice.json; fileSource reads files',
} as const satisfies Fault;

const unknownFormat = (contentType: string | undefined): Fault => ({
  code: 'ERR_SOURCE_FORMAT',
  message: `the answer is ${contentType === undefined ? 'of no type' : oneLine(contentType)}, neither JSON nor YAML`,
  hint: "let the server send application/json or application/yaml, or give 'format'",
});

const tooSlow = (timeoutMs: number): Fault => ({
  code: 'ERR_SOURCE_TIMEOUT',
  message: `the server did not answer within ${timeoutMs} ms`,
  hint: 'it is tried again by itself',
});
