import { defer, filter, firstValueFrom, lastValueFrom, type Observable, ReplaySubject } from 'rxjs';
import type { SupervisorState } from './life.ts';

/** Something that lives again and again, one life at a time. */
export interface Lives<L> {
  /** The life as it is now, or as it ended. */
  readonly current: L;
  /** Whether one is going on. */
  readonly living: boolean;
  /** Hot; replays the present life, completes with its end; subscribed to after the next start it tells of that one. */
  readonly life$: Observable<L>;
  /**
   * Begins to live unless it does; resolves with the first life that is neither on its way up nor down, or with nothing
   * when a start that had to wait for an end was overtaken by a stop.
   */
  start(): Promise<L | undefined>;
  /** Has `request` ask for the end, and resolves with it; with nothing when nothing lived. */
  stop(request: () => void): Promise<L | undefined>;
}

/** Whether nothing can happen to a life in this state any more. */
export const isFinal = (state: SupervisorState): boolean => state === 'Stopped' || state === 'Error';

/**
 * Lives of one kind, each beginning as `first`.
 *
 * @param live - one life: emits synchronously when subscribed, completes with a final state, never errors.
 */
export const createLives = <L extends { readonly state: SupervisorState }>(
  first: L,
  live: () => Observable<L>,
): Lives<L> => {
  let lives = new ReplaySubject<L>(1);
  let current = first;
  let living = false;
  let wanted = false;
  lives.next(first);

  const begin = (): void => {
    living = true;
    if (current !== first) lives = new ReplaySubject(1);
    const life$ = lives;
    live().subscribe({
      next: (life) => {
        current = life;
        // Before the last state is told: whoever hears it may start the next life at once.
        if (isFinal(life.state)) living = false;
        life$.next(life);
      },
      complete: () => life$.complete(),
    });
  };

  return {
    get current() {
      return current;
    },
    get living() {
      return living;
    },
    life$: defer(() => lives),
    start: async () => {
      wanted = true;
      if (living && current.state === 'Stopping') {
        await lastValueFrom(lives);
        if (!wanted) return undefined;
      }
      if (!living) begin();
      return firstValueFrom(lives.pipe(filter(({ state }) => isSettled(state))));
    },
    stop: async (request) => {
      const life$ = lives;
      wanted = false;
      if (!living) return undefined;
      request();
      return lastValueFrom(life$);
    },
  };
};

/** Neither on its way up nor on its way down. */
const isSettled = (state: SupervisorState): boolean => state !== 'New' && state !== 'Booting' && state !== 'Stopping';
