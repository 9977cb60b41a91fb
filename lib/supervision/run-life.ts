import {
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  endWith,
  ignoreElements,
  last,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  observeOn,
  of,
  queueScheduler,
  Subject,
  scan,
  share,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  timer,
} from 'rxjs';
import type { Logger } from '../log/logger.ts';
import { guarded } from '../reactive/guarded.ts';
import { answer$ } from './answer.ts';
import { decide } from './decide.ts';
import { keep } from './decision.ts';
import { type Decision, type Effect, isOver, type Life, type LifeEvent, type Step } from './life.ts';
import type { Limits } from './limits.ts';
import type { Runnable } from './runnable.ts';

/**
 * Lives one life: feeds what happens to `decide`, does what it says, and feeds back what comes of that.
 *
 * Events are taken one at a time and in order, also those that a runnable causes from inside a call: they queue up
 * behind the event that led to the call.
 *
 * Shape: cold; emits the life after every event, completes with the one that is over. Never errors. Unsubscribing
 * leaves everything as it is: nothing is stopped, nobody listens any more.
 *
 * @param inputs$ - what happens outside; the life starts with its `begin`.
 * @param logger - must not throw.
 */
export const runLife = (
  runnables: readonly Runnable[],
  first: Life,
  limits: Limits,
  inputs$: Observable<LifeEvent>,
  logger: Logger,
): Observable<Life> =>
  defer(() => {
    const events = new Subject<LifeEvent>();
    const decisions$ = events.pipe(
      observeOn(queueScheduler),
      scan((decision: Decision, event) => decide(decision.life, event), keep(first)),
      takeWhile((decision) => !isOver(decision.life), true),
      share(),
    );
    const effects$ = decisions$.pipe(
      mergeMap((decision) => merge(...decision.effects.map((effect) => perform(runnables, effect, logger)))),
    );
    // The order of subscription is the order of work: a state is told before anybody acts on it, a deadline runs
    // before the call it limits, and the outside is listened to last.
    return merge(
      decisions$.pipe(map((decision) => decision.life)),
      merge(deadlines(decisions$, limits), effects$, inputs$).pipe(
        tap((event) => events.next(event)),
        ignoreElements(),
        takeUntil(decisions$.pipe(last(null, null))),
      ),
    );
  });

const deadlines = (decisions$: Observable<Decision>, limits: Limits): Observable<LifeEvent> =>
  merge(
    decisions$.pipe(
      map((decision) => decision.life.step),
      distinctUntilChanged(),
      switchMap((step) =>
        step === undefined
          ? EMPTY
          : after(limitOf(step, limits)).pipe(map((afterMs) => ({ type: 'overdue', step, afterMs }) as const)),
      ),
    ),
    decisions$.pipe(
      map((decision) => decision.life.state === 'Stopping'),
      distinctUntilChanged(),
      switchMap((stopping) => (stopping ? after(limits.shutdownTimeoutMs) : EMPTY)),
      map((afterMs) => ({ type: 'shutdownOverdue', afterMs }) as const),
    ),
  );

/** Reading a configuration again may take as long as reading it the first time, and so may starting what runs anew. */
const limitOf = (step: Step, limits: Limits): number =>
  step.type === 'stop' ? limits.stopTimeoutMs : limits.startTimeoutMs;

/** Emits `ms` when they are over; `Infinity` never are. */
export const after = (ms: number): Observable<number> => (Number.isFinite(ms) ? timer(ms).pipe(map(() => ms)) : NEVER);

const perform = (runnables: readonly Runnable[], effect: Effect, logger: Logger): Observable<LifeEvent> => {
  switch (effect.type) {
    case 'observeAll':
      // What is replayed comes before `observed`: it is about the time before the first start.
      return merge(
        ...runnables.map((runnable, index) => observe(runnable, index, logger)),
        of({ type: 'observed' } as const),
      );
    case 'observe': {
      const runnable = runnables[effect.index];
      return runnable === undefined ? EMPTY : observe(runnable, effect.index, logger);
    }
    case 'call': {
      const runnable = runnables[effect.step.index];
      return runnable === undefined ? EMPTY : call(runnable, effect);
    }
    case 'log':
      logger[effect.level](effect.message, effect.details);
      return EMPTY;
    case 'exit':
      return process.exit(effect.code);
  }
};

/** Guarded because of its teardown: one that throws would do so into whoever ends the life. */
const observe = (runnable: Runnable, index: number, logger: Logger): Observable<LifeEvent> =>
  guarded(
    defer(() => runnable.state$),
    (error) => logger.error('a state$ failed to be unsubscribed', error),
  ).pipe(
    map((state) => ({ type: 'state', index, state, cause: state === 'Error' ? runnable.error : undefined }) as const),
    endWith({ type: 'silence', index } as const),
    catchError((cause: unknown) => of({ type: 'broken', index, cause } as const)),
  );

const call = (
  runnable: Runnable,
  { step, options }: Extract<Effect, { readonly type: 'call' }>,
): Observable<LifeEvent> => {
  const outcome$ = defer(() => {
    const settled$ = answer$(invoke(runnable, step, options));
    const settled = map(() => ({ type: 'settled', step }) as const);
    return step.type === 'start'
      ? concat(of({ type: 'called', index: step.index } as const), settled$.pipe(settled))
      : settled$.pipe(settled);
  });
  return outcome$.pipe(catchError((cause: unknown) => of({ type: 'rejected', step, cause } as const)));
};

const invoke = (runnable: Runnable, step: Step, options: Parameters<Runnable['stop']>[0]): unknown => {
  switch (step.type) {
    case 'start':
      return runnable.start();
    case 'stop':
      return runnable.stop(options);
    case 'reload':
      return runnable.reload?.();
    case 'restart':
      return runnable.restart?.();
  }
};
