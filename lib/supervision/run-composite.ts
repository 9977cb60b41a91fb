import {
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  from,
  ignoreElements,
  last,
  map,
  merge,
  mergeMap,
  type Observable,
  observeOn,
  of,
  pairwise,
  queueScheduler,
  Subject,
  scan,
  share,
  startWith,
  switchMap,
  take,
  takeUntil,
  takeWhile,
  tap,
  timer,
} from 'rxjs';
import type { Logger } from '../log/logger.ts';
import { guarded } from '../reactive/guarded.ts';
import { answer$ } from './answer.ts';
import { decideComposite } from './composite-decide.ts';
import type { CompositeDecision, CompositeEffect, CompositeEvent, CompositeLife } from './composite-life.ts';
import { type CompositeMember, type Configurable, readMembers } from './composite-member.ts';
import type { CompositeOutcome } from './composite-outcome.ts';
import { keep } from './decision.ts';
import { type ChildFailure, NotRunnableError, ReloadTimeoutError, RunnableError } from './errors.ts';
import { type Life, newLife } from './life.ts';
import type { Limits } from './limits.ts';
import { isFinal } from './lives.ts';
import { hasMethod, missingParts } from './parts.ts';
import { after, runLife } from './run-life.ts';

type EffectOf<T extends CompositeEffect['type']> = Extract<CompositeEffect, { readonly type: T }>;

/** What a composite is given from outside. */
export interface CompositeSurroundings {
  readonly limits: Limits;
  readonly logger: Logger;
  /** The composite as others know it. */
  self(): unknown;
  /** Who it is made of. */
  readonly members$: Observable<unknown>;
  /** What is to be in force while `members$` has not said anything: the members of the life before. */
  readonly remembered: readonly CompositeMember[] | undefined;
  /** The number the next membership gets. */
  nextRevision(): number;
  /** Told what became of a membership, with the members that are in force when that is they. Must not throw. */
  settled(outcome: CompositeOutcome, inForce: readonly CompositeMember[] | undefined): void;
  /** Told that reloads are done, and who failed. Must not throw. */
  reloaded(requests: readonly symbol[], failures: readonly ChildFailure[]): void;
  /** Milliseconds of a clock that does not jump. */
  now(): number;
  /** Numbers in `[0, 1)`. */
  random(): number;
}

/**
 * Lives one life of a composite: feeds what happens to `decideComposite`, does what it says, and feeds back what comes
 * of that. Every attempt to run a child is a life of its own, as a supervisor of one would live it.
 *
 * Shape: cold; emits the life after every event, beginning with `begin` from `inputs$`, and completes with `Stopped` or
 * `Error`. Never errors. Unsubscribing leaves the children to themselves and stops none.
 */
export const runComposite = (
  first: CompositeLife,
  surroundings: CompositeSurroundings,
  inputs$: Observable<CompositeEvent>,
): Observable<CompositeLife> =>
  defer(() => {
    const events = new Subject<CompositeEvent>();
    const stage = new Stage(surroundings, first.policy.name);
    const decisions$ = events.pipe(
      observeOn(queueScheduler),
      scan((decision: CompositeDecision, event) => decideComposite(decision.life, event), keep(first)),
      takeWhile((decision) => !isFinal(decision.life.state), true),
      share(),
    );
    const effects$ = decisions$.pipe(
      mergeMap((decision) => merge(...decision.effects.map((effect) => stage.perform(effect)))),
    );
    // The order of subscription is the order of work, as in `runLife`.
    return merge(
      decisions$.pipe(map((decision) => decision.life)),
      merge(deadlines(decisions$, surroundings.limits), effects$, inputs$).pipe(
        tap((event) => events.next(event)),
        ignoreElements(),
        takeUntil(decisions$.pipe(last(null, null))),
      ),
    );
  });

const deadlines = (decisions$: Observable<CompositeDecision>, limits: Limits): Observable<CompositeEvent> => {
  const whileIt = (holds: (life: CompositeLife) => boolean, limitMs: number): Observable<number> =>
    decisions$.pipe(
      map(({ life }) => holds(life)),
      distinctUntilChanged(),
      switchMap((holding) => (holding ? after(limitMs) : EMPTY)),
    );
  return merge(
    whileIt((life) => life.state === 'Booting' && !life.informed, limits.startTimeoutMs).pipe(
      map((afterMs) => ({ type: 'uninformed', afterMs }) as const),
    ),
    whileIt((life) => life.state === 'Stopping', limits.shutdownTimeoutMs).pipe(
      map((afterMs) => ({ type: 'shutdownOverdue', afterMs }) as const),
    ),
  );
};

/** Where the runnables of one life are. */
class Stage {
  readonly #surroundings: CompositeSurroundings;
  readonly #name: string;
  readonly #halts = new Subject<EffectOf<'halt'>>();
  /** What the last attempt of each child runs, to be told things. */
  readonly #runnables = new Map<number, Configurable>();

  constructor(surroundings: CompositeSurroundings, name: string) {
    this.#surroundings = surroundings;
    this.#name = name;
  }

  perform(effect: CompositeEffect): Observable<CompositeEvent> {
    switch (effect.type) {
      case 'follow':
        return this.#follow();
      case 'launch':
        return this.#launch(effect);
      case 'halt':
        this.#halts.next(effect);
        return EMPTY;
      case 'wait':
        return timer(effect.delayMs).pipe(map(() => ({ type: 'due', id: effect.id }) as const));
      case 'leave':
        return of({ type: 'left', afterMs: effect.afterMs });
      case 'tell':
        return this.#tell(effect);
      case 'settle':
        this.#surroundings.settled(effect.outcome, effect.membership?.members);
        return EMPTY;
      case 'reloaded':
        this.#surroundings.reloaded(effect.requests, effect.failures);
        return EMPTY;
      case 'log':
        this.#surroundings.logger[effect.level](effect.message, effect.details);
        return EMPTY;
    }
  }

  #follow(): Observable<CompositeEvent> {
    const { members$, remembered, logger } = this.#surroundings;
    let spoken = false;
    const told$ = guarded(members$, (error) =>
      logger.error('a source of members failed to be unsubscribed', error),
    ).pipe(
      map((value): CompositeEvent => {
        spoken = true;
        const revision = this.#surroundings.nextRevision();
        const read = readMembers(this.#name, value, this.#surroundings.self());
        return read.ok
          ? { type: 'members', membership: { revision, members: read.members } }
          : { type: 'malformed', revision, error: read.error };
      }),
    );
    const remembered$: Observable<CompositeEvent> = defer(() =>
      spoken || remembered === undefined
        ? EMPTY
        : of({ type: 'members', membership: { revision: 0, members: remembered } } as const),
    );
    const silence$ = defer(() => (spoken || remembered === undefined ? of({ type: 'silence' } as const) : EMPTY));
    return merge(
      concat(told$, silence$).pipe(catchError((cause: unknown) => of({ type: 'sourceFailed', cause } as const))),
      remembered$,
    );
  }

  #launch({ id, member }: EffectOf<'launch'>): Observable<CompositeEvent> {
    const { limits, logger, now, random } = this.#surroundings;
    const { name } = member;
    return defer(() => {
      const runnable = typeof member.runnable === 'function' ? member.runnable() : member.runnable;
      const missing = missingParts(runnable);
      if (missing.length > 0) throw new NotRunnableError(1, missing);
      this.#runnables.set(id, runnable);
      const first = newLife([{ name, canReload: false, canRestart: false }]);
      const stops$ = this.#halts.pipe(
        filter((halt) => halt.id === id),
        map(({ options }) => ({ type: 'stop', options }) as const),
      );
      // Each child has its own time to stop, and the composite that of all.
      const alone = { ...limits, shutdownTimeoutMs: Number.POSITIVE_INFINITY };
      return runLife([runnable], first, alone, merge(stops$, of({ type: 'begin' } as const)), logger).pipe(
        startWith(first),
        pairwise(),
        mergeMap(([before, life]) => from(this.#heard(id, runnable, before, life))),
      );
    }).pipe(
      catchError((cause: unknown) => {
        const error = new RunnableError(name, 'start', { cause });
        logger.error(error.message, cause);
        return of({
          type: 'gone',
          id,
          error,
          abandoned: false,
          failedToStop: false,
          atMs: now(),
          random: random(),
        } as const);
      }),
    );
  }

  #heard(id: number, runnable: Configurable, before: Life, life: Life): readonly CompositeEvent[] {
    const { now, random } = this.#surroundings;
    const [state] = Object.values(life.states);
    const told = state === undefined || life.states === before.states ? [] : [{ type: 'told', id, state } as const];
    if (life.state === before.state) return told;
    switch (life.state) {
      case 'Running':
        return [
          ...told,
          {
            type: 'running',
            id,
            canConfigure: hasMethod(runnable, 'configure'),
            canReload: hasMethod(runnable, 'reload'),
          },
        ];
      case 'Stopping':
        return [...told, { type: 'stopping', id }];
      case 'Stopped':
      case 'Error':
        return [
          ...told,
          {
            type: 'gone',
            id,
            error: life.error,
            abandoned: life.abandoned.length > 0,
            failedToStop: life.failedToStop.length > 0,
            atMs: now(),
            random: random(),
          },
        ];
      default:
        return told;
    }
  }

  #tell({ step, id, member, how }: EffectOf<'tell'>): Observable<CompositeEvent> {
    const { startTimeoutMs } = this.#surroundings.limits;
    const runnable = this.#runnables.get(id);
    const answered$ = defer(() =>
      answer$(how === 'configure' ? runnable?.configure?.(member.config) : runnable?.reload?.()),
    );
    return merge(
      answered$.pipe(
        map(() => ({ type: 'taken', step }) as const),
        catchError((cause: unknown) => of({ type: 'refused', step, cause } as const)),
      ),
      // Reading a configuration again may take as long as reading it the first time.
      after(startTimeoutMs).pipe(
        map((ms) => ({ type: 'refused', step, cause: new ReloadTimeoutError(member.name, ms) }) as const),
      ),
    ).pipe(take(1));
  }
}
