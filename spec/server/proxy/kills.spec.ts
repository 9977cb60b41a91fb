import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import { createAccountingClient } from '../../accounting/accounting-client.ts';
import { eventually, serve } from '../serving.ts';
import { besideTargets } from './backend.ts';

const PROGRAM = `
const server = require('node:http').createServer((request, response) => setTimeout(() => response.end('ok'), 1));
server.listen(Number(process.argv[1]), '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

interface Target {
  readonly child: ChildProcess;
  readonly port: number;
}

const start = async (port = 0): Promise<Target> => {
  const child = spawn(process.execPath, ['-e', PROGRAM, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [text] = await once(child.stdout, 'data');
  return { child, port: Number(text) };
};

test('four targets of which one is killed and comes back, again and again, lose nobody a request', {
  timeout: 60_000,
}, async () => {
  const rounds = 6;
  const targets = await Promise.all(Array.from({ length: 4 }, () => start()));
  const serving = await serve({
    routes: [{ path: '/*', proxy: { targets: targets.map(({ port }) => `http://127.0.0.1:${port}`), coolDownMs: 50 } }],
  });
  const client = createAccountingClient({
    address: () => formatAddress(serving.address),
    mode: 'keep-alive',
    connections: 16,
    limitMs: 10_000,
  });
  client.start();
  for (let round = 0; round < rounds; round += 1) {
    const index = round % targets.length;
    const { child, port } = targets[index] ?? (await start());
    // In the middle of the load, not before it.
    await eventually(() => serving.server.inFlight > 8);
    child.kill('SIGKILL');
    await once(child, 'exit');
    targets[index] = await start(port);
  }
  const report = await client.stop();
  expect(report).toMatchObject({ bad: 0, lost: 0, torn: 0, hung: 0, refused: 0 });
  expect(report.answered).toBeGreaterThan(100);
  expect(report.answered).toBe(report.written);
  expect(besideTargets(serving.log)).toEqual([]);
});
