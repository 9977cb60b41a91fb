import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, of, ReplaySubject, timeout } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { supervise } from '../../lib/supervision/supervise.ts';
import { FakeRunnable, listLogger, never } from './fake-runnable.ts';
import type { Part } from './fixtures/supervised.ts';

const oops = new Error('oops');
const fixture = fileURLToPath(new URL('fixtures/supervised.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A real process that supervises `parts` and handles signals. */
const launch = (parts: Readonly<Record<string, Part>>, groups = 1, isQuiet = true) => {
  const order = JSON.stringify({ parts, groups, isQuiet });
  const child = spawn(process.execPath, ['--import', 'jiti/register', fixture, order], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (isQuiet) child.stderr.pipe(process.stderr);
  children.push(child);
  const all: string[] = [];
  const lines = new ReplaySubject<string>();
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    all.push(line);
    lines.next(line);
  });
  const exited = new Promise<{ readonly code: number | null; readonly signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const line = (text: string) =>
    firstValueFrom(
      lines.pipe(
        filter((seen) => seen === text),
        timeout(15_000),
      ),
    );
  return { child, all, line, exited };
};

test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
  '%s stops everything once, in reverse, and the process ends by itself',
  async (signal) => {
    const { child, all, line, exited } = launch({ a: { stop: 20 }, b: {} });
    await line('start b');
    child.kill(signal);
    await expect(exited).resolves.toEqual({ code: 0, signal: null });
    expect(all).toEqual(['start a', 'start b', 'stop b', 'stop a', 'resolved with 0 handlers']);
  },
);

test.each([
  ['SIGINT', 'SIGTERM', 143],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGTERM', 'SIGQUIT', 131],
] as const)(
  '%s and then %s ends the process at once with status %i, although a stop hangs',
  async (first, second, code) => {
    const { child, line, exited } = launch({ a: { stop: 'hang' } });
    await line('start a');
    child.kill(first);
    await line('stop a');
    const beganAt = performance.now();
    child.kill(second);
    await expect(exited).resolves.toEqual({ code, signal: null });
    expect(performance.now() - beganAt).toBeLessThan(1000);
  },
);

test('one ctrl-C that arrives twice, as it does under npm, stops everything in order', async () => {
  const { child, all, line, exited } = launch({ a: { stop: 100 } });
  await line('start a');
  child.kill('SIGINT');
  await line('stop a');
  child.kill('SIGINT');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(all).toEqual(['start a', 'stop a', 'resolved with 0 handlers']);
});

test('who presses ctrl-C is told that it was heard, also by the logger that says warnings only', async () => {
  const { child, line, exited } = launch({ a: {} }, 1, false);
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  await line('start a');
  child.kill('SIGINT');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(said.join('').match(/SIG\w+: .*/g)).toEqual(['SIGINT: stopping']);
});

test('what is no runnable is refused by its number, before anything is started', async () => {
  const events: string[] = [];
  const good = new FakeRunnable('good', events);
  const half = { start: () => {}, state$: of('Running') };
  // Callers without types can pass anything.
  const superviseAny = supervise as (runnables: unknown) => Promise<void>;
  await expect(superviseAny([{}])).rejects.toThrow('runnable 1 has no start(), stop() or state$');
  await expect(superviseAny([good, half])).rejects.toMatchObject({
    code: 'ERR_NOT_RUNNABLE',
    message: 'runnable 2 has no stop()',
    position: 2,
    missing: ['stop()'],
  });
  await expect(superviseAny([undefined])).rejects.toBeInstanceOf(TypeError);
  await expect(superviseAny(good)).rejects.toMatchObject({ code: 'ERR_OPTIONS', option: 'runnables' });
  expect(events).toEqual([]);
});

test('a signal while something is starting is honoured at once', async () => {
  const { child, all, line, exited } = launch({ a: {}, b: { start: 'hang' }, c: {} });
  await line('start b');
  child.kill('SIGTERM');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(all).toEqual(['start a', 'start b', 'stop b', 'stop a', 'resolved with 0 handlers']);
});

test('SIGHUP reloads what can, once at a time; after SIGTERM it is ignored', async () => {
  const { child, all, line, exited } = launch({ a: { stop: 50 }, b: {}, c: { reload: 100, stop: 50 } });
  await line('start c');
  child.kill('SIGHUP');
  await line('reload c');
  child.kill('SIGHUP');
  child.kill('SIGTERM');
  await line('stop c');
  child.kill('SIGHUP');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(all.slice(3)).toEqual(['reload c', 'stop c', 'stop b', 'stop a', 'resolved with 0 handlers']);
});

test('SIGUSR2 restarts what can, one after the other and once at a time; a failure keeps nobody from it', async () => {
  const { child, all, line, exited } = launch({ a: { restart: 'fail' }, b: {}, c: { restart: 100 } });
  await line('start c');
  child.kill('SIGUSR2');
  await line('restart c');
  child.kill('SIGUSR2');
  child.kill('SIGTERM');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(all.slice(3)).toEqual(['restart a', 'restart c', 'stop c', 'stop b', 'stop a', 'resolved with 0 handlers']);
});

test('SIGUSR2 does what it always did where nothing can restart', async () => {
  const { child, line, exited } = launch({ a: { reload: 1 } });
  await line('start a');
  child.kill('SIGUSR2');
  await expect(exited).resolves.toEqual({ code: null, signal: 'SIGUSR2' });
});

test('several supervisors in one process stop with the same signal', async () => {
  const { child, all, line, exited } = launch({ a: { stop: 10 } }, 2);
  await line('start a');
  child.kill('SIGTERM');
  await expect(exited).resolves.toEqual({ code: 0, signal: null });
  expect(all.toSorted()).toEqual(['resolved with 0 handlers', 'start a', 'start a', 'stop a', 'stop a']);
});

test('it rejects with the failure of one after the others have stopped', async () => {
  const events: string[] = [];
  const b = new FakeRunnable('b', events);
  const running = supervise([new FakeRunnable('a', events), b], { logger: listLogger().logger });
  b.error = oops;
  b.states.next('Error');
  await expect(running).rejects.toMatchObject({ code: 'ERR_RUNNABLE', runnable: 'b', cause: oops });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('it rejects with what kept one from starting', async () => {
  const events: string[] = [];
  const hanging = new FakeRunnable('b', events, { start: never });
  const running = supervise([new FakeRunnable('a', events), hanging], {
    startTimeoutMs: 10,
    logger: listLogger().logger,
  });
  await expect(running).rejects.toMatchObject({ code: 'ERR_START_TIMEOUT', runnable: 'b', state: 'New' });
  expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('it resolves when an AbortSignal stops it, and when all have ended', async () => {
  const events: string[] = [];
  const controller = new AbortController();
  const { logger } = listLogger();
  const stopped = supervise([new FakeRunnable('a', events)], { signal: controller.signal, logger });
  controller.abort();
  await expect(stopped).resolves.toBeUndefined();
  expect(events).toEqual(['start a', 'stop a']);

  const b = new FakeRunnable('b', events);
  const ended = supervise([b], { logger });
  b.states.next('Stopped');
  await expect(ended).resolves.toBeUndefined();
  expect(events.slice(2)).toEqual(['start b']);
});

test('without being asked it handles no signal, and what it was asked for it gives back', async () => {
  const count = () => (['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const).map((name) => process.listenerCount(name));
  const before = count();
  const controller = new AbortController();
  const options = { signal: controller.signal, logger: listLogger().logger };
  const unasked = supervise([new FakeRunnable('a', [])], options);
  expect(count()).toEqual(before);
  const asked = supervise([new FakeRunnable('a', [])], { ...options, signals: true });
  expect(count()).toEqual(before.map((handlers) => handlers + 1));
  controller.abort();
  await Promise.all([unasked, asked]);
  expect(count()).toEqual(before);
});
