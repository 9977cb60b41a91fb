import { NEVER, Observable, of, Subject, throwError } from 'rxjs';
import type { RunHelpers, TestScheduler } from 'rxjs/testing';
import { describe, expect, test } from 'vitest';
import type { RestartConfig } from '../../lib/config/server-config.ts';
import { lifecycle } from '../../lib/server/lifecycle.ts';
import type { DrainProgress } from '../../lib/server/server.ts';
import type { ServerStatus } from '../../lib/server/state.ts';
import { marbles } from '../reactive/marbles.ts';

const crash = new Error('crash');

/** Waits of 10, 20, 40 … milliseconds. */
const policy: Required<RestartConfig> = { intensity: 2, periodMs: 100, initialMs: 10, maxMs: 1_000 };

/** What the letters in the frames of these tests stand for; capitals come after a restart, two after two. */
const states: Readonly<Record<string, ServerStatus>> = {
  r: { state: 'running', restarts: 0 },
  R: { state: 'running', restarts: 1 },
  Q: { state: 'running', restarts: 2 },
  s: { state: 'starting', restarts: 0, error: crash },
  S: { state: 'starting', restarts: 1, error: crash },
  f: { state: 'failed', restarts: 0, error: crash },
  F: { state: 'failed', restarts: 2, error: crash },
  d: { state: 'draining', restarts: 0 },
  D: { state: 'draining', restarts: 1 },
  x: { state: 'stopped', restarts: 0, cut: 0 },
  X: { state: 'stopped', restarts: 1, cut: 0 },
  c: { state: 'stopped', restarts: 0, cut: 3 },
};

const progress: Readonly<Record<string, DrainProgress>> = {
  p: { connections: 5, cut: 0 },
  q: { connections: 0, cut: 3 },
};

interface Scene {
  /** How each attempt goes, in order; the last one says how all further ones go. */
  readonly attempts: readonly string[];
  readonly drain?: string;
  readonly retire?: string;
  readonly restart?: () => Required<RestartConfig>;
  readonly restarts?: number;
}

/** A lifecycle in virtual time, without jitter. */
const stage = (scheduler: TestScheduler, { cold, hot }: RunHelpers, scene: Scene) => {
  const attempts = scene.attempts.map((frames) => cold(frames, undefined, crash));
  const drain$ = hot(scene.drain ?? '-', { d: 500 });
  const retire$ = cold(scene.retire ?? '|', progress);
  let asked = 0;
  const serve$ = new Observable<string>((subscriber) => {
    const attempt = attempts[Math.min(asked, attempts.length - 1)];
    asked += 1;
    return attempt?.subscribe(subscriber);
  });
  const life$ = lifecycle({
    serve$,
    drain$,
    retire: () => retire$,
    restart: scene.restart ?? (() => policy),
    restarts: scene.restarts ?? 0,
    random: () => 1,
    now: () => scheduler.frame,
  });
  return { life$, attempts, drain$, retire$ };
};

const play = (run: (scheduler: TestScheduler, helpers: RunHelpers) => void): void => {
  const scheduler = marbles();
  scheduler.run((helpers) => run(scheduler, helpers));
};

describe('a server', () => {
  test('that never answers is never running', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['-'] });
      helpers.expectObservable(life$, '^----!').toBe('-');
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^----!');
    });
  });

  test('runs as soon as it answers, and stays', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['---a'] });
      helpers.expectObservable(life$, '^------!').toBe('---r', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^------!');
    });
  });

  test('remembers the restarts of an earlier life', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['a'], restarts: 2 });
      helpers.expectObservable(life$, '^--!').toBe('Q', states);
    });
  });
});

describe('a crash', () => {
  test('is followed by a wait and another attempt', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['--a--#', '--a'] });
      helpers.expectObservable(life$, '^ 30ms !').toBe('--r--s 11ms R', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^----!');
      helpers.expectSubscriptions(attempts[1]?.subscriptions ?? []).toBe('15ms ^ 15ms !');
    });
  });

  test('before it ever answered is tried again as well', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['--#', '-a'] });
      helpers.expectObservable(life$, '^ 30ms !').toBe('--s 10ms R', states);
    });
  });

  test('in the turn in which it is tried is no endless loop', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['#'] });
      helpers.expectObservable(life$, '^ 60ms !').toBe('s 9ms S 19ms F', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe(['(^!)', '10ms (^!)', '30ms (^!)']);
    });
  });

  test('that comes too often makes it fail, with the last cause, for good', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['-a-#'] });
      // Attempts at 0, 13 and 36; the third crash within 100 ms is one too many.
      helpers.expectObservable(life$, '^ 300ms !').toBe('-r-s 10ms R-S 20ms Q-F', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe(['^--!', '13ms ^--!', '36ms ^--!']);
    });
  });

  test('after a whole period without one is a first one again', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['-a-#', '-a 200ms #', '-a'] });
      // The second wait is the shortest again.
      helpers.expectObservable(life$, '^ 300ms !').toBe('-r-s 10ms R 200ms S 10ms Q', states);
    });
  });

  test('of a server that may not restart is the end of it', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['a#'], restart: () => ({ ...policy, intensity: 0 }) });
      helpers.expectObservable(life$, '^ 50ms !').toBe('rf', states);
    });
  });

  test('is judged by the policy of its own time', () => {
    play((scheduler, helpers) => {
      const policies = [policy, { ...policy, initialMs: 3 }];
      const restart = (): Required<RestartConfig> => policies.shift() ?? policy;
      const { life$ } = stage(scheduler, helpers, { attempts: ['-a-#', '-a-#', '-a'], restart });
      // The second wait would be 20 ms by the first policy: twice 3 are 6.
      helpers.expectObservable(life$, '^ 60ms !').toBe('-r-s 10ms R-S 6ms Q', states);
    });
  });

  test('may be a completion: nobody asked it to end', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['a-|', 'a'] });
      const ended = { ...states, s: { state: 'starting', restarts: 0, error: new Error('it ended by itself') } };
      helpers.expectObservable(life$, '^ 30ms !').toBe('r-s 9ms R', ended);
    });
  });

  test('may be anything that was thrown: its cause is an error', () => {
    const seen: ServerStatus[] = [];
    const life = lifecycle({
      serve$: throwError(() => 'a text'),
      drain$: NEVER,
      retire: () => NEVER,
      restart: () => ({ ...policy, intensity: 0 }),
      restarts: 0,
    }).subscribe((status) => seen.push(status));
    expect(seen).toEqual([{ state: 'failed', restarts: 0, error: new Error('a text') }]);
    life.unsubscribe();
  });
});

describe('a drain', () => {
  test('ends the serving, reports, and is over with the retirement', () => {
    play((scheduler, helpers) => {
      const scene = { attempts: ['-a'], drain: '----d', retire: 'p--(q|)' };
      const { life$, attempts, drain$, retire$ } = stage(scheduler, helpers, scene);
      helpers.expectObservable(life$).toBe('-r--d--(c|)', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^---!');
      helpers.expectSubscriptions(retire$.subscriptions).toBe('----^--!');
      helpers.expectSubscriptions(drain$.subscriptions).toBe('^------!');
    });
  });

  test('comes while it waits for another attempt: there is none', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, {
        attempts: ['-a-#', 'a'],
        drain: '------d',
        retire: '--|',
      });
      helpers.expectObservable(life$).toBe('-r-s--d-(x|)', states);
      helpers.expectSubscriptions(attempts[1]?.subscriptions ?? []).toBe([]);
    });
  });

  test('comes before it has answered: it never will', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['------a'], drain: '---d' });
      helpers.expectObservable(life$).toBe('---(dx|)', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^--!');
    });
  });

  test('comes after it has failed', () => {
    play((scheduler, helpers) => {
      const scene = { attempts: ['#'], drain: '---d', restart: () => ({ ...policy, intensity: 0 }) };
      const { life$ } = stage(scheduler, helpers, scene);
      helpers.expectObservable(life$).toBe('f--(dx|)', states);
    });
  });

  test('comes after restarts, which it still counts', () => {
    play((scheduler, helpers) => {
      const scene = { attempts: ['#', '-a'], drain: '15ms d', retire: '-|' };
      const { life$ } = stage(scheduler, helpers, scene);
      helpers.expectObservable(life$).toBe('s 10ms R---D(X|)', states);
    });
  });

  test('that is asked for twice happens once', () => {
    play((scheduler, helpers) => {
      const { life$, retire$ } = stage(scheduler, helpers, { attempts: ['a'], drain: '--d-d', retire: '----|' });
      helpers.expectObservable(life$).toBe('r-d---(x|)', states);
      helpers.expectSubscriptions(retire$.subscriptions).toBe('--^---!');
    });
  });

  test('cannot be called off', () => {
    play((scheduler, helpers) => {
      const { life$ } = stage(scheduler, helpers, { attempts: ['a'], drain: '--d-|', retire: '----|' });
      helpers.expectObservable(life$).toBe('r-d---(x|)', states);
    });
  });

  test('holds what it needs before the serving lets go of it', () => {
    const order: string[] = [];
    const noting = (name: string): Observable<never> =>
      new Observable(() => {
        order.push(`${name} begins`);
        return () => order.push(`${name} ends`);
      });
    const drain$ = new Subject<number>();
    const life = lifecycle({
      serve$: noting('serving'),
      drain$,
      retire: (timeoutMs) => noting(`retiring within ${timeoutMs}`),
      restart: () => policy,
      restarts: 0,
    }).subscribe();
    drain$.next(70);
    life.unsubscribe();
    expect(order).toEqual(['serving begins', 'retiring within 70 begins', 'serving ends', 'retiring within 70 ends']);
  });

  test('may be asked for by whoever is just told that it runs', () => {
    const drain$ = new Subject<number>();
    const seen: string[] = [];
    let served = 0;
    const serve$ = new Observable<number>((subscriber) => {
      served += 1;
      subscriber.next(1);
      return () => {
        served -= 1;
      };
    });
    lifecycle({ serve$, drain$, retire: () => of(), restart: () => policy, restarts: 0 }).subscribe(({ state }) => {
      seen.push(state);
      if (state === 'running') drain$.next(0);
    });
    expect(seen).toEqual(['running', 'draining', 'stopped']);
    expect(served).toBe(0);
  });
});

describe('when its place is somebody else’s', () => {
  test('it ends in that turn, without a word', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['-a'], drain: '----|' });
      helpers.expectObservable(life$).toBe('-r--|', states);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe('^---!');
    });
  });

  test('it makes no further attempt', () => {
    play((scheduler, helpers) => {
      const { life$, attempts } = stage(scheduler, helpers, { attempts: ['#', 'a'], drain: '----|' });
      helpers.expectObservable(life$).toBe('s---|', states);
      helpers.expectSubscriptions(attempts[1]?.subscriptions ?? []).toBe([]);
    });
  });
});

describe('unsubscribing lets go of everything in that turn', () => {
  interface Ending extends Scene {
    readonly shows: string;
    readonly served: string;
    readonly retired?: string;
  }
  const cases: Readonly<Record<string, Ending>> = {
    'while it has not answered': { attempts: ['-----a'], shows: '-', served: '^--!' },
    'while it runs': { attempts: ['-a'], shows: '-r', served: '^--!' },
    'while it waits': { attempts: ['-#', 'a'], shows: '-s', served: '^!' },
    'when it has failed': {
      attempts: ['-#'],
      restart: () => ({ ...policy, intensity: 0 }),
      shows: '-f',
      served: '^!',
    },
    'while it drains': { attempts: ['a'], drain: '-d', retire: 'p---|', shows: 'rd', served: '^!', retired: '-^-!' },
  };
  test.each(Object.entries(cases))('%s', (_, { shows, served, retired, ...scene }) => {
    play((scheduler, helpers) => {
      const { life$, attempts, drain$, retire$ } = stage(scheduler, helpers, scene);
      helpers.expectObservable(life$, '^--!').toBe(shows, states);
      helpers.expectSubscriptions(drain$.subscriptions).toBe('^--!');
      helpers.expectSubscriptions(retire$.subscriptions).toBe(retired === undefined ? [] : [retired]);
      helpers.expectSubscriptions(attempts[0]?.subscriptions ?? []).toBe(served);
      helpers.expectSubscriptions(attempts[1]?.subscriptions ?? []).toBe([]);
    });
  });
});
