import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BindError } from '../../../lib/listener/errors.ts';
import { unixListener } from '../../../lib/listener/unix/unix.ts';
import { hold, refusalOf } from '../holding.ts';
import { saying } from '../saying.ts';
import { dial, get } from '../wire.ts';

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'sluice-unix-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
};

const unix = (path: string) => ({ kind: 'unix', path }) as const;

/** A socket file as a process leaves it that is killed. */
const abandon = async (path: string): Promise<void> => {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`;
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
};

test('a unix socket answers, and is gone when it is given back', async () => {
  const path = join(directory(), 's');
  const { listener, release } = await hold(unixListener(unix(path)));
  expect(listener.address).toEqual(unix(path));
  listener.attach(saying('over the socket'));
  const wire = dial(listener.address);
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ body: 'over the socket' }]);
  release();
  expect(existsSync(path)).toBe(false);
});

test('a socket that a dead process left behind is replaced', async () => {
  const path = join(directory(), 's');
  await abandon(path);
  expect(lstatSync(path).isSocket()).toBe(true);
  const { listener } = await hold(unixListener(unix(path)));
  listener.attach(saying('mine now'));
  const wire = dial(listener.address);
  wire.write(get('/'));
  expect(await wire.responses()).toMatchObject([{ body: 'mine now' }]);
});

/** How a bind fails where something else is. */
const NO_SOCKET = {
  name: 'BindError',
  errno: 'EADDRINUSE',
  hint: 'what is there is no socket; move it away or choose another path',
  cause: expect.objectContaining({ syscall: 'listen' }),
};

describe('is left alone, and refused', () => {
  test('a socket somebody answers on', async () => {
    const path = join(directory(), 's');
    const other = createServer((socket) => socket.on('error', () => {}).end('theirs')).listen(path);
    onTestFinished(() => {
      other.close();
    });
    await once(other, 'listening');
    const error = await refusalOf(unixListener(unix(path)));
    expect(error).toBeInstanceOf(BindError);
    expect(error).toMatchObject({
      errno: 'EADDRINUSE',
      address: `unix:${path}`,
      hint: 'another process or server holds it; `ss -lxp` names it',
    });
    const wire = dial(unix(path));
    expect(await wire.until((text) => text === 'theirs')).toBe('theirs');
  });

  test('a socket of our own', async () => {
    const path = join(directory(), 's');
    const { listener } = await hold(unixListener(unix(path)));
    listener.attach(saying('first'));
    expect(await refusalOf(unixListener(unix(path)))).toMatchObject({ errno: 'EADDRINUSE' });
    const wire = dial(listener.address);
    wire.write(get('/'));
    expect(await wire.responses()).toMatchObject([{ body: 'first' }]);
  });

  test('a socket whose owner is too busy to accept', async () => {
    const path = join(directory(), 's');
    const script = `
      require('node:net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log('listening'));
    `;
    const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const callers = Array.from({ length: 8 }, () => dial(unix(path)));
    expect(await refusalOf(unixListener(unix(path)))).toMatchObject({ errno: 'EADDRINUSE' });
    expect(lstatSync(path).isSocket()).toBe(true);
    for (const { socket } of callers) socket.destroy();
  });

  test('a plain file', async () => {
    const path = join(directory(), 's');
    writeFileSync(path, 'precious');
    expect(await refusalOf(unixListener(unix(path)))).toMatchObject(NO_SOCKET);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a directory', async () => {
    const path = join(directory(), 's');
    mkdirSync(path);
    expect(await refusalOf(unixListener(unix(path)))).toMatchObject(NO_SOCKET);
    expect(lstatSync(path).isDirectory()).toBe(true);
  });

  test('a link, even to a socket nobody answers on', async () => {
    const base = directory();
    await abandon(join(base, 'dead'));
    symlinkSync(join(base, 'dead'), join(base, 's'));
    expect(await refusalOf(unixListener(unix(join(base, 's'))))).toMatchObject(NO_SOCKET);
    expect(lstatSync(join(base, 's')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(base, 'dead'))).toBe(true);
  });
});

test('a directory that does not exist is an error that says so', async () => {
  expect(await refusalOf(unixListener(unix(join(directory(), 'missing', 's'))))).toMatchObject({
    // libuv's word for it.
    errno: 'EACCES',
    hint: expect.stringContaining('does not exist'),
  });
});

test('a directory without permission is an error that says so', async () => {
  // Root may write everywhere, so the attempt is made as nobody.
  const path = join(directory(), 's');
  const script = `
    import { unixListener } from './lib/listener/unix/unix.ts';
    if (process.getuid() === 0) process.seteuid(65534);
    unixListener({ kind: 'unix', path: ${JSON.stringify(path)} }).subscribe({
      next: () => process.exit(1),
      error: ({ errno, hint }) => console.log(JSON.stringify({ errno, hint })),
    });
  `;
  const runner = join(directory(), 'attempt.ts');
  writeFileSync(runner, script.replace('./lib/', `${process.cwd()}/lib/`));
  const child = spawn(process.execPath, ['--import', 'jiti/register', runner], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  expect(JSON.parse(String(said))).toEqual({ errno: 'EACCES', hint: expect.stringContaining('may not write') });
});

test('unsubscribing while it is looked who answers leaves nothing behind', async () => {
  const path = join(directory(), 's');
  const seen: unknown[] = [];
  const first = unixListener(unix(path)).subscribe((listener) => seen.push(listener));
  first.unsubscribe();
  const second = await hold(unixListener(unix(path)));
  expect(second.listener.address).toEqual(unix(path));
  expect(seen).toEqual([]);
  second.release();
  expect(existsSync(path)).toBe(false);
});

test('the same path can be taken and given back again and again', async () => {
  const path = join(directory(), 's');
  for (let n = 0; n < 50; n += 1) {
    const { release } = await hold(unixListener(unix(path)));
    release();
  }
  expect(existsSync(path)).toBe(false);
});
