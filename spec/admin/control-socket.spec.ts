import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { isBindable, socketAt, socketIn, socketName, socketsIn, sweep } from '../../lib/admin/control-socket.ts';

const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-admin-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** A socket file whose process was killed. */
const leaveSocket = (path: string): void => {
  const program = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  expect(spawnSync(process.execPath, ['-e', program, path]).signal).toBe('SIGKILL');
};

const DEAD = 4_194_305; // Above the highest process id that Linux gives.

test('whatever a directory is called, its name can be part of a file name and is found in it again', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(DEAD), (text, pid) => {
      const name = socketName(text);
      expect(name).toMatch(/^[\w-]{1,32}$/);
      expect(socketAt(socketIn('/run/sluice', name, pid).path)).toMatchObject({ name, pid });
    }),
  );
});

test.each(['x.sock', 'x.y.sock', '.1.sock', 'x.1.sock.tmp', 'a.b.1.sock', 'README'])(
  '%s is no control socket',
  (name) => {
    expect(socketAt(`/run/sluice/${name}`)).toBeUndefined();
  },
);

test('a path is bindable up to what the system takes', () => {
  expect(isBindable(`/${'x'.repeat(100)}`)).toBe(true);
  expect(isBindable(`/${'ü'.repeat(60)}`)).toBe(false);
});

test('sockets of the dead are removed; those of the living, and what is no socket, stay', async () => {
  const path = directory();
  const live = socketIn(path, 'live', process.pid);
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(live.path, resolve));
  const dead = socketIn(path, 'dead', DEAD);
  leaveSocket(dead.path);
  // Bound by a process that lives, a moment ago: it may be about to listen.
  const young = socketIn(path, 'young', process.pid);
  leaveSocket(young.path);
  writeFileSync(join(path, 'file.1.sock'), '');
  utimesSync(join(path, 'file.1.sock'), 0, 0);

  const found = await socketsIn(path);
  expect(found.map(({ name, probe }) => [name, probe])).toEqual([
    ['dead', 'refused'],
    ['live', 'answered'],
    ['young', 'refused'],
  ]);
  expect(await sweep(path)).toEqual([dead.path]);
  expect((await socketsIn(path)).map(({ name }) => name)).toEqual(['live', 'young']);
});

test('a directory that is not there has no sockets', async () => {
  expect(await socketsIn(join(directory(), 'none'))).toEqual([]);
  expect(await sweep(join(directory(), 'none'))).toEqual([]);
});
