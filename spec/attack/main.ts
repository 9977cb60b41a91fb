/**
 * Tries a server of your own, on this machine:
 *
 *     node --import jiti/register spec/attack/main.ts malformed 127.0.0.1:8080
 *     node --import jiti/register spec/attack/main.ts slow-headers 127.0.0.1:8080 --count=500 --seconds=30
 *
 * `malformed` needs a server that answers every request with 200 and its path. An attack prints how long its attackers
 * held out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ATTACKS, attack } from './attackers.ts';
import { judgeAll } from './judge.ts';
import { malformed } from './malformed.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    interval: { type: 'string', default: '1000' },
    path: { type: 'string', default: '/' },
  },
});
const [what = '', address = ''] = positionals;
const kind = ATTACKS.find((known) => known === what);

const malformedAt = async (host: string, port: number): Promise<void> => {
  const judgements = await judgeAll(malformed, { host, port });
  const bad = judgements.filter(({ faults }) => faults.length > 0);
  for (const { name, faults } of bad) console.log(`${name}: ${faults.join('; ')}`);
  console.log(`${bad.length} of ${judgements.length} malformed requests were not dealt with as they should be`);
  process.exitCode = bad.length > 0 ? 1 : 0;
};

if (!/:\d+$/.test(address) || (what !== 'malformed' && kind === undefined)) {
  console.error(`usage: main.ts malformed|${ATTACKS.join('|')} host:port [--count= --seconds= --interval= --path=]`);
  process.exitCode = 2;
} else if (kind === undefined) {
  const at = address.lastIndexOf(':');
  await malformedAt(address.slice(0, at), Number(address.slice(at + 1)));
} else {
  const { path } = values;
  const running = attack({
    kind,
    address,
    count: Number(values.count),
    intervalMs: Number(values.interval),
    arriveMs: 1_000,
    path,
  });
  await running.begun;
  await delay(Number(values.seconds) * 1_000);
  const { connected, heldMs } = running.report();
  const longest = Math.round(heldMs.at(-1) ?? 0);
  console.log(`${connected} connected, ${heldMs.length} were sent away, the last after ${longest} ms`);
  running.stop();
}
