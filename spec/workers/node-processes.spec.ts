import { describe, expect, test } from 'vitest';
import { drain, startPrimary } from './primary-program.ts';
import { isAlive, startProgram, until } from './program.ts';

const fetchPid = async (port: unknown, path = '/'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).text();

describe('a process', () => {
  test('says hello, is told who it is, runs the script as if it had been started with it, and says ready', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('http-worker.mjs', {
      assign: { slot: 2, port: 0, args: ['--one', 'two'], env: { GREETING: 'hello' } },
    });
    expect(await primary.message(pid, 'hello')).toMatchObject({ message: { protocol: 1, version: '0.1.0' } });
    const serving = await primary.hear('serving');
    expect(serving).toMatchObject({ pid, slot: 2, isWorker: true });
    expect(serving.argv).toEqual([expect.stringMatching(/http-worker\.mjs$/), '--one', 'two']);
    await primary.message(pid, 'ready');
  });

  test.each([
    ['exits-with-3', { code: 3, signal: null }],
    ['throws-at-import', { code: 1, signal: null }],
  ])('%s: its end is told as the system tells it', async (script, exit) => {
    const primary = await startPrimary();
    const pid = await primary.fork('scripted-worker.mjs', { assign: { args: [script] } });
    expect(await primary.exit(pid)).toMatchObject(exit);
  });

  test('that is asked to leave before it listens leaves as soon as it does', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('http-worker.mjs', { spare: true });
    primary.send(pid, drain(10_000));
    expect(await primary.exit(pid)).toMatchObject({ code: 0, signal: null });
    expect(primary.said.some(({ type }) => type === 'serving')).toBe(false);
  });

  test('is told what was said before it listened, and how many there are by then', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('scripted-worker.mjs', { assign: { args: ['counts'], count: 2 } });
    primary.send(pid, { type: 'count', count: 5 });
    primary.send(pid, { type: 'topic', topic: 'early', body: 'bird' });
    expect(await primary.hear('counted')).toMatchObject({ count: 5, body: 'bird' });
  });

  test('that is killed by a signal ends with that signal and no code', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('scripted-worker.mjs', { assign: { args: ['ready'] } });
    await primary.message(pid, 'ready');
    primary.tell({ command: 'kill', pid, signal: 'SIGKILL' });
    expect(await primary.exit(pid)).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('says what it failed of before its end is told, and nothing after it', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('scripted-worker.mjs', { assign: { args: ['throws-at-import'] } });
    await primary.exit(pid);
    const order = primary.said
      .filter((said) => said.pid === pid)
      .map(({ type, message }) =>
        typeof message === 'object' && message !== null ? Reflect.get(message, 'type') : type,
      );
    expect(order.filter((type) => type !== 'forked')).toEqual([
      'hello',
      'failing',
      'draining',
      'report',
      'silent',
      'exit',
    ]);
    const failing = await primary.message(pid, 'failing');
    expect(failing.message).toMatchObject({ error: { name: 'RangeError', message: 'while it was imported' } });
  });

  test('that cannot be started says so with the word of the system', async () => {
    const program = startProgram('no-node.mjs');
    expect(await program.hear('unstarted')).toMatchObject({
      name: 'SpawnError',
      code: 'ERR_WORKER_SPAWN',
      cause: 'ENOENT',
    });
    expect(await program.ended).toBe(0);
  });

  test('of another release is told of with both versions, in a hello that nobody can take for one of ours', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('other-release.mjs', { assign: {} });
    const said = await primary.hear('message', ({ message }) => JSON.stringify(message).includes('7.0.0'));
    expect(said).toMatchObject({ pid, message: { type: 'hello', protocol: 99, version: '7.0.0' } });
  });

  test('may send messages of its own over the channel, and ones that look like ours and are not are dropped', async () => {
    const primary = await startPrimary();
    const pid = await primary.fork('other-release.mjs', { assign: {} });
    // What it sends after all that cannot be read.
    await primary.hear('message', ({ message }) => JSON.stringify(message).includes('"draining"'));
    expect(primary.said.filter((said) => said.pid === pid && said.type === 'message')).toHaveLength(3);
    expect(isAlive(pid)).toBe(true);
  });
});

describe('workers that share a port', () => {
  test.each(['shared', 'round-robin'])('%s: both of them answer there', async (sharing) => {
    const primary = await startPrimary(sharing);
    const first = await primary.fork('http-worker.mjs', { assign: { slot: 0 } });
    const { port } = await primary.hear('serving');
    // Port 0 is the same one for all.
    const second = await primary.fork('http-worker.mjs', { assign: { slot: 1 } });
    await primary.message(second, 'ready');
    const seen = new Set<string>();
    await until(async () => {
      seen.add(await fetchPid(port));
      return seen.size === 2;
    }, 'both answer');
    expect([...seen].map(Number).sort()).toEqual([first, second].sort());
  });

  test('a second way to share is refused, and a worker cannot start workers', async () => {
    const program = startProgram('two-ways.mjs');
    expect(await program.hear('refused')).toMatchObject({ name: 'SharingError', code: 'ERR_WORKER_SHARING' });
    expect(await program.hear('nested')).toMatchObject({ name: 'NestedWorkersError', code: 'ERR_WORKER_NESTED' });
    expect(await program.hear('forked like before')).toMatchObject({ exec: expect.stringMatching(/two-ways\.mjs$/) });
    await program.ended;
  });
});

test('20 000 messages to a stopped process keep the primary small, and each is accounted for', async () => {
  const primary = await startPrimary('shared', ['--expose-gc']);
  const pid = await primary.fork('scripted-worker.mjs', { assign: { args: ['ready'] } });
  await primary.message(pid, 'ready');
  primary.tell({ command: 'memory' });
  const before = await primary.hear('memory');
  primary.signal('SIGSTOP', pid);
  const body = { text: 'x'.repeat(200) };
  primary.send(pid, { type: 'topic', topic: 'flood', body }, 10_000);
  primary.send(pid, { type: 'collect', id: 1, series: false }, 10_000);
  primary.tell({ command: 'memory' });
  const [, after] = await primary.hearAll('memory', 2);
  expect(Number(after?.rssBytes) - Number(before.rssBytes)).toBeLessThan(10_000_000);
  primary.signal('SIGCONT', pid);
  const counts = await primary.hearAll('sent', 2);
  for (const { delivered, refused } of counts) expect(Number(delivered) + Number(refused)).toBe(10_000);
  // It is as well as before.
  primary.send(pid, drain(2_000));
  expect(await primary.exit(pid)).toMatchObject({ code: 0 });
});
