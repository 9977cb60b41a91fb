// Starts the primary, as a shell would, and sends it signals.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

const port = await freePort();
const primary = spawn(process.execPath, ['--import', 'jiti/register', join(import.meta.dirname, 'primary.ts')], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, PORT: String(port) },
});

const ask = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text();

for (;;) {
  const answer = await ask().catch(() => undefined);
  if (answer === undefined) await setTimeout(50);
  else {
    console.log(answer.trim());
    break;
  }
}

// Whoever sends a signal before the first worker serves may find that nobody listens to it yet; by now somebody does.
primary.kill('SIGTERM');
const [code, signal] = await once(primary, 'exit');
console.log('exit code', code, signal);

// prints:
// worker …
// exit code 0 null
