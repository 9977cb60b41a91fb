/**
 * Runs the benches: `npm run bench` all of them, `npm run bench -- throughput swap-effect --rounds=3` some of them,
 * with other parameters. `--subject=<folder>` measures the build of another checkout.
 */
import { parseArgs } from 'node:util';
import { burst } from './burst.ts';
import type { Bench } from './harness/bench.ts';
import { compileServers } from './harness/compile.ts';
import { publish } from './harness/report.ts';
import { refused } from './refused.ts';
import { scaleChange } from './scale-change.ts';
import { scaleStart } from './scale-start.ts';
import { sigterm } from './sigterm.ts';
import { swapEffect } from './swap-effect.ts';
import { throughput } from './throughput.ts';
import { zeroLoss } from './zero-loss.ts';

const benches: readonly Bench[] = [zeroLoss, sigterm, refused, throughput, scaleChange, scaleStart, burst, swapEffect];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(
    ['subject', ...benches.flatMap(({ parameters }) => Object.keys(parameters))].map((key) => [
      key,
      { type: 'string' as const },
    ]),
  ),
});

const wanted = positionals.map((name) => {
  const bench = benches.find((candidate) => candidate.name === name);
  if (bench === undefined) {
    process.stderr.write(`no bench ${name}; there are ${benches.map((known) => known.name).join(', ')}\n`);
    process.exit(2);
  }
  return bench;
});

compileServers(values.subject ?? 'dist');

for (const bench of wanted.length > 0 ? wanted : benches) {
  const given = Object.keys(bench.parameters).filter((key) => key in values);
  const parameters = { ...bench.parameters, ...Object.fromEntries(given.map((key) => [key, Number(values[key])])) };
  const command = ['npm run bench --', bench.name, ...given.map((key) => `--${key}=${values[key]}`)].join(' ');
  const since = performance.now();
  try {
    const result = await bench.run(parameters);
    publish(bench.name, bench.title, command, result);
    if (result.missing.length > 0) process.exitCode = 1;
  } catch (cause) {
    // One bench that cannot run does not cost the others their numbers.
    process.exitCode = 1;
    process.stderr.write(`\n${bench.name} failed: ${cause instanceof Error ? cause.stack : String(cause)}\n`);
  }
  process.stderr.write(`${bench.name}: ${((performance.now() - since) / 1000).toFixed(0)} s\n`);
}
process.exit();
