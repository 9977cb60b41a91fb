import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Departure } from '../../../lib/workers/boot/departure.ts';
import type { DrainRequest } from '../../../lib/workers/drain.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const request = { reason: 'stop', deadlineMs: 1_000, handOver: false } as const;

const departing = (
  overrides: { readonly farewell?: () => Promise<void>; readonly caughtUp?: () => Promise<void> } = {},
) => {
  const log: string[] = [];
  const departure = new Departure({
    told: () => log.push('told'),
    usual: async ({ reason }) => {
      log.push(`usual ${reason}`);
    },
    caughtUp: async () => {},
    farewell: async () => {
      log.push('farewell');
    },
    end: (code) => log.push(`end ${code ?? 'as it likes'}`),
    patienceMs: () => 400,
    report: (error) => log.push(`report ${error}`),
    ...overrides,
  });
  return { departure, log };
};

const turn = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const never = (): Promise<never> => new Promise(() => {});

test('with nothing to drain and nobody who listens the usual is done', async () => {
  const { departure, log } = departing();
  departure.ask(request);
  await turn();
  expect(log).toEqual(['told', 'usual stop', 'farewell', 'end as it likes']);
});

test('it ends once everything that was sent to it has arrived, and does not wait for ever', async () => {
  let arrive = (): void => {};
  const { departure, log } = departing({ caughtUp: () => new Promise((resolve) => (arrive = resolve)) });
  departure.ask({ ...request, deadlineMs: 10_000 });
  await turn();
  expect(log).toEqual(['told', 'usual stop']);
  arrive();
  await turn();
  expect(log).toEqual(['told', 'usual stop', 'farewell', 'end as it likes']);

  const forsaken = departing({ caughtUp: never });
  forsaken.departure.ask({ ...request, deadlineMs: 10_000 });
  await turn(3_000);
  expect(forsaken.log).toEqual(['told', 'usual stop', 'end as it likes']);
});

test('what was handed over is drained, all at once, also what comes while it leaves; a failure is an end as well', async () => {
  const { departure, log } = departing();
  let finish = (): void => {};
  departure.hold(() => new Promise<void>((resolve) => (finish = resolve)));
  departure.hold(async () => {
    throw new Error('cannot');
  });
  departure.hold(never)();
  departure.ask(request);
  await turn();
  expect(log).toEqual(['told', 'report Error: cannot']);
  departure.hold(async () => {
    log.push('late one');
  });
  finish();
  await turn();
  expect(log).toEqual(['told', 'report Error: cannot', 'late one', 'farewell', 'end as it likes']);
});

describe('with somebody who listens', () => {
  test('it is over when they say so, however long everything else is done', async () => {
    const { departure, log } = departing();
    const heard: DrainRequest[] = [];
    const leave = departure.onDrain((asked) => heard.push(asked));
    departure.hold(async () => {});
    departure.ask(request);
    // As an Observable does that completes.
    leave();
    await turn(500);
    expect(heard).toEqual([request]);
    expect(log).toEqual(['told']);
    void departure.exit();
    await turn();
    expect(log).toEqual(['told', 'farewell', 'end as it likes']);
  });

  test('who comes late is told at once; who has left by then is not; who throws is reported', async () => {
    const { departure, log } = departing();
    departure.onDrain(() => log.push('left before'))();
    departure.onDrain(() => {
      throw new Error('listener');
    });
    departure.ask(request);
    departure.onDrain(({ reason }) => log.push(`late ${reason}`));
    expect(log).toEqual(['told', 'report Error: listener', 'late stop']);
  });
});

test('exit without being asked drains what was handed over, in the time that it gives itself', async () => {
  const { departure, log } = departing();
  departure.hold(async ({ reason, deadlineMs }) => {
    log.push(`drains ${reason} ${deadlineMs}`);
  });
  void departure.exit();
  void departure.exit();
  await turn();
  expect(log).toEqual(['told', 'drains stop 400', 'farewell', 'end as it likes']);
});

describe('the deadline', () => {
  test('of the primary is left to the primary, for a while; the process ends itself after that', async () => {
    const { departure, log } = departing();
    departure.hold(never);
    departure.ask(request);
    await turn(1_499);
    expect(log).toEqual(['told']);
    await turn(1);
    expect(log).toEqual(['told', 'end 1']);
  });

  test('of its own is kept to the millisecond', async () => {
    const { departure, log } = departing();
    departure.hold(never);
    departure.decide(request);
    await turn(1_000);
    expect(log).toEqual(['told', 'end 1']);
  });

  test('may be moved nearer, and not away', async () => {
    const { departure, log } = departing();
    departure.hold(never);
    departure.decide(request);
    departure.decide({ ...request, deadlineMs: 300 });
    departure.decide({ ...request, deadlineMs: 9_000 });
    await turn(300);
    expect(log).toEqual(['told', 'end 1']);
  });

  test('that is further away than timers reach is no deadline that has passed', async () => {
    const { departure, log } = departing();
    departure.hold(never);
    departure.decide({ ...request, deadlineMs: 1e12 });
    await turn(10_000);
    expect(log).toEqual(['told']);
  });
});

test('a process that failed ends as one, also when it was about to leave anyway', async () => {
  const { departure, log } = departing();
  let finish = (): void => {};
  departure.hold(() => new Promise<void>((resolve) => (finish = resolve)));
  departure.ask(request);
  departure.decide({ ...request, reason: 'crash' }, 1);
  finish();
  await turn();
  expect(log).toEqual(['told', 'farewell', 'end 1']);
});

test('last words that nobody reads do not keep it', async () => {
  const { departure, log } = departing({ farewell: never });
  departure.ask({ ...request, deadlineMs: 60_000 });
  await turn(2_999);
  expect(log).toEqual(['told', 'usual stop']);
  await turn(1);
  expect(log).toEqual(['told', 'usual stop', 'end as it likes']);
});
