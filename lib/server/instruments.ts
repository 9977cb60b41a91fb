import type { Unsubscribable } from 'rxjs';
import type { Logger } from '../log/logger.ts';
import type { EndedRequest, Instrument, ObservedRequest, RequestWatcher } from './instrument.ts';

/** Those who follow the same request, the first one outermost. */
class Watchers implements RequestWatcher {
  readonly #watchers: readonly RequestWatcher[];
  readonly #failed: (error: unknown) => void;

  constructor(watchers: readonly RequestWatcher[], failed: (error: unknown) => void) {
    this.#watchers = watchers;
    this.#failed = failed;
  }

  run(handle: () => void): void {
    const within = this.#watchers.reduceRight<() => void>(
      (inner, watcher) => () => runWithin(watcher, inner, this.#failed),
      handle,
    );
    within();
  }

  end(request: EndedRequest): void {
    for (const watcher of this.#watchers) {
      try {
        watcher.end(request);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}

/** Has a request answered within what a watcher puts around it; `handle` is called once, whatever the watcher does. */
export const runWithin = (watcher: RequestWatcher, handle: () => void, failed: (error: unknown) => void): void => {
  if (watcher.run === undefined) {
    handle();
    return;
  }
  let called = false;
  const once = (): void => {
    if (called) return;
    called = true;
    handle();
  };
  try {
    watcher.run(once);
  } catch (error) {
    failed(error);
  }
  once();
};

/** One of the times somebody was attached. */
interface Attachment<Attached> {
  readonly instrument: Attached;
}

/**
 * Who is told of requests, from one moment to the next.
 *
 * Those whose request has begun are told of its end even when they were taken off meanwhile.
 */
export class Instruments<Attached extends Instrument = Instrument> {
  /** Who is told of requests; `undefined` while nobody wants to know, so that nobody pays for it. */
  current: Instruments<Attached> | undefined;
  #attached: readonly Attachment<Attached>[] = [];
  #complained = false;
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** From now on it is told, until it is unsubscribed; the same one may be attached more than once. */
  attach(instrument: Attached): Unsubscribable {
    const place = { instrument };
    this.#complained = false;
    this.#set([...this.#attached, place]);
    return { unsubscribe: () => this.#set(this.#attached.filter((other) => other !== place)) };
  }

  /** Tells everybody; what one of them throws keeps nobody else from being told. */
  tell(say: (instrument: Attached) => void): void {
    for (const { instrument } of this.#attached) {
      try {
        say(instrument);
      } catch (error) {
        this.failed(error);
      }
    }
  }

  begin(request: ObservedRequest): RequestWatcher | undefined {
    const [first] = this.#attached;
    if (this.#attached.length > 1) return this.#beginAll(request);
    try {
      return first?.instrument.begin?.(request);
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  /** One line, not one for each request: whoever fails once fails with every one of them. */
  failed(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#logger.error('an instrument failed; further failures are not logged', error);
  }

  #beginAll(request: ObservedRequest): RequestWatcher | undefined {
    const watchers: RequestWatcher[] = [];
    this.tell((instrument) => {
      const watcher = instrument.begin?.(request);
      if (watcher !== undefined) watchers.push(watcher);
    });
    return watchers.length > 1 ? new Watchers(watchers, (error) => this.failed(error)) : watchers[0];
  }

  #set(attached: readonly Attachment<Attached>[]): void {
    this.#attached = attached;
    const isTold = attached.some(
      ({ instrument }) => instrument.begin !== undefined || instrument.refused !== undefined,
    );
    this.current = isTold ? this : undefined;
  }
}
