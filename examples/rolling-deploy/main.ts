// Two deploys while clients go on asking: a good one, and one that does not start.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const directory = await mkdtemp(join(tmpdir(), 'rolling-deploy-'));

// #region deploy
const current = join(directory, 'current');

/** What `current` is, from one moment to the next: there is no moment at which it is nothing. */
const point = async (release: string): Promise<void> => {
  const next = join(directory, 'next');
  await symlink(join(import.meta.dirname, 'releases', release), next);
  await rename(next, current);
};

const deploy = async (release: string): Promise<void> => {
  await point(release);
  primary.kill('SIGUSR2');
};
// #endregion

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

const port = await freePort();
const ask = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text();

await point('1');
const script = join(current, 'server.ts');
const program = join(import.meta.dirname, 'primary.ts');
const primary = spawn(process.execPath, ['--import', 'jiti/register', program, script, String(port)], {
  stdio: ['ignore', 'pipe', 'ignore'],
});

/** The next line of the primary that has these words. */
const lines = createInterface({ input: primary.stdout })[Symbol.asyncIterator]();
const hear = async (words: RegExp): Promise<string> => {
  for (;;) {
    const { value: line = '', done = false } = await lines.next();
    if (done || words.test(line)) return line;
  }
};

let failed = 0;
let isOver = false;
const client = async (): Promise<void> => {
  while (!isOver) await ask().catch(() => (failed += 1));
};

await hear(/Running/);
console.log(await ask());
const clients = Array.from({ length: 4 }, client);

await deploy('2');
console.log(await hear(/^restart/));
console.log(await ask());

await deploy('3');
console.log(await hear(/^restart/));
console.log(await ask());

isOver = true;
await Promise.all(clients);
console.log(failed, 'requests failed');

primary.kill('SIGTERM');
await once(primary, 'exit');
await rm(directory, { recursive: true });

// prints:
// release 1
// restart done
// release 2
// restart aborted
// release 2
// 0 requests failed
