import { NEVER, Subject } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatAddress } from '../../lib/config/address.ts';
import { retire } from '../../lib/server/retire.ts';
import type { DrainProgress } from '../../lib/server/server.ts';
import { startAccounting } from '../accounting/accounting-process.ts';
import { failures } from '../accounting/tally.ts';
import { hold } from '../listener/holding.ts';
import { dial, get } from '../listener/wire.ts';
import { clock, eventually, type Serving, serve } from './serving.ts';

const hello = (): Response => new Response('hello');
const hanging = (): Promise<Response> => new Promise(() => {});

/** Retires a server as its lifecycle does: the retirement begins, then the serving ends. */
const leave = (serving: Serving, timeoutMs: number, hurry$ = new Subject<void>()) => {
  const startedAt = performance.now();
  const progress: DrainProgress[] = [];
  let subscription = { unsubscribe: (): void => {} };
  const over = new Promise<{ readonly cut: number; readonly ms: number }>((resolve) => {
    subscription = retire(serving.host, timeoutMs, hurry$).subscribe({
      next: (value) => progress.push(value),
      complete: () => resolve({ cut: progress.at(-1)?.cut ?? 0, ms: performance.now() - startedAt }),
    });
  });
  serving.close();
  onTestFinished(() => subscription.unsubscribe());
  return { over, hurry: () => hurry$.next(), stop: () => subscription.unsubscribe() };
};

const isFree = async ({ host }: Serving): Promise<boolean> => {
  const wire = dial(host.address);
  return (
    (await Promise.race([wire.closed, new Promise((resolve) => wire.socket.once('connect', resolve))])) === 'reset'
  );
};

describe('an address that is not wanted any more', () => {
  test('is given back soon when nobody connects', async () => {
    const serving = await serve({ app: hello });
    const { over } = leave(serving, 10_000);
    expect(serving.host.listener).toBeDefined();
    const { cut, ms } = await over;
    expect(cut).toBe(0);
    expect(ms).toBeLessThan(300);
    expect(serving.host.listener).toBeUndefined();
    expect(await isFree(serving)).toBe(true);
  });

  test('is given back in the end to clients that go on connecting, and none of them is lost', async () => {
    const serving = await serve({ app: hello });
    // Of another process, and no faster than an address can be let go: whoever connects in that very moment is reset.
    const address = formatAddress(serving.address);
    const clients = await startAccounting([{ name: 'fresh', address, mode: 'fresh', rate: 60 }]);
    onTestFinished(() => clients.kill());
    await clock(100);
    const { over } = leave(serving, 10_000);
    const startedAt = performance.now();
    await eventually(() => serving.host.listener === undefined);
    // A second, unless the machine keeps the clients from connecting for a moment; and never the whole drain.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(await over).toMatchObject({ cut: 0 });
    const reports = Object.values(await clients.stop());
    expect(reports.map(failures), reports.flatMap(({ examples }) => examples).join('\n')).toEqual([0]);
    expect(reports[0]?.answered).toBeGreaterThan(0);
    expect(await isFree(serving)).toBe(true);
  });

  test('is kept until everybody in its queue was let in, however long the machine stood still', async () => {
    const busy = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const slow = (): Response => {
      busy(1);
      return new Response('hello');
    };
    const serving = await serve({ app: slow });
    const { over } = leave(serving, 10_000);
    const wires = Array.from({ length: 400 }, () => serving.dial());
    for (const wire of wires) wire.write(get('/'));
    // They are in the queue of the socket when this turn is over, and by then its time is up as well.
    process.nextTick(() => busy(1_500));
    const answers = await Promise.all(wires.map(async (wire) => (await wire.responses())[0]?.status));
    expect(answers.filter((status) => status === 200)).toHaveLength(400);
    expect(await over).toMatchObject({ cut: 0 });
  });

  test('answers newcomers while it is kept, and tells them', async () => {
    const serving = await serve({ app: hello });
    const { over } = leave(serving, 10_000);
    const wire = serving.dial();
    wire.write(get('/'));
    const [answer] = await wire.responses();
    expect(answer).toMatchObject({ status: 200, body: 'hello' });
    expect(answer?.head).toMatch(/\r\nconnection: close\r\n/i);
    await over;
  });

  test('stays when somebody else holds it, and only the connections are asked to go', async () => {
    const serving = await serve({ app: hello });
    const other = await hold(serving.host.door$);
    const wire = serving.dial();
    wire.write(get('/'));
    await wire.responses();
    const { over } = leave(serving, 10_000);
    wire.write(get('/'));
    await wire.closed;
    expect(await over).toMatchObject({ cut: 0 });
    expect(serving.host.listener).toBe(other.listener);
    expect(await isFree(serving)).toBe(false);
  });

  test('is given back at once to somebody who waits for it', async () => {
    const serving = await serve({ app: hanging });
    const wire = serving.dial();
    wire.write(get('/'));
    await eventually(() => serving.server.inFlight === 1);
    const { over, hurry } = leave(serving, 600);
    expect(serving.host.listener).toBeDefined();
    hurry();
    expect(serving.host.listener).toBeUndefined();
    expect(await isFree(serving)).toBe(true);
    // The connections get their time all the same.
    const { cut, ms } = await over;
    expect(cut).toBe(1);
    expect(ms).toBeGreaterThan(590);
  });

  test('is given back in the same turn by unsubscribing, which leaves the connections alone', async () => {
    const serving = await serve({ app: hello });
    const wire = serving.dial();
    wire.write(get('/'));
    await wire.responses();
    const { stop } = leave(serving, 10_000);
    stop();
    expect(serving.host.listener).toBeUndefined();
    wire.write(get('/'));
    expect(await wire.responses(2)).toHaveLength(2);
  });

  test('that fails meanwhile is one thing less to give back', async () => {
    const serving = await serve({ app: hello });
    const failing = new Subject<void>();
    const { over } = leave(serving, 10_000, failing);
    failing.next();
    expect(await over).toMatchObject({ cut: 0 });
  });
});

test('a server whose address is gone already only finishes what it has', async () => {
  const serving = await serve({ app: hanging });
  const wire = serving.dial();
  wire.write(get('/'));
  await eventually(() => serving.server.inFlight === 1);
  serving.close();
  const { over } = leave(serving, 300);
  expect(serving.host.listener).toBeUndefined();
  expect(await over).toMatchObject({ cut: 1 });
});

test('without any time both are over at once', async () => {
  const serving = await serve({ app: hanging });
  const wire = serving.dial();
  wire.write(get('/'));
  await eventually(() => serving.server.inFlight === 1);
  const { cut, ms } = await leave(serving, 0, NEVER as unknown as Subject<void>).over;
  expect(cut).toBe(1);
  expect(ms).toBeLessThan(200);
  expect(serving.host.listener).toBeUndefined();
  expect(serving.server.connections).toBe(0);
});

describe('the deadline holds', () => {
  const busy = (): Response => {
    const until = performance.now() + 4;
    while (performance.now() < until);
    return hello();
  };

  test.each([
    { load: 'that keep the server busy', app: busy, timeoutMs: 600 },
    { load: 'that hang', app: hanging, timeoutMs: 400 },
  ])('with clients $load and go on connecting', async ({ app, timeoutMs }) => {
    const serving = await serve({ app });
    let coming = true;
    const come = (): void => {
      if (!coming) return;
      const wire = serving.dial();
      wire.write(get('/'));
      void wire.closed.then(come);
    };
    for (let n = 0; n < 8; n += 1) come();
    const stream = setInterval(come, 5);
    onTestFinished(() => {
      coming = false;
      clearInterval(stream);
    });
    await clock(50);
    const { over } = leave(serving, timeoutMs);
    const due = clock(timeoutMs);
    const { ms } = await over;
    expect(ms - Math.max(await due, timeoutMs)).toBeLessThan(200);
    coming = false;
    clearInterval(stream);
  });
});
