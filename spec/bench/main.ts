/**
 * Runs the benches: `npm run bench` all of them, `npm run bench -- throughput swap-effect --rounds=3` some of them,
 * with other parameters. `--subject=<folder>` measures the build of another checkout.
 */
import { parseArgs } from 'node:util';
import { attackers } from './attackers.ts';
import { balancer } from './balancer.ts';
import { burst } from './burst.ts';
import { certRotation } from './cert-rotation.ts';
import type { Bench } from './harness/bench.ts';
import { compileServers } from './harness/compile.ts';
import { publish } from './harness/report.ts';
import { http2Floods } from './http2-floods.ts';
import { metrics } from './metrics.ts';
import { pipeline } from './pipeline.ts';
import { poolLookup } from './pool-lookup.ts';
import { poolStart } from './pool-start.ts';
import { protocolChange } from './protocol-change.ts';
import { proxy } from './proxy.ts';
import { proxyKills } from './proxy-kills.ts';
import { refused } from './refused.ts';
import { scaleChange } from './scale-change.ts';
import { scaleStart } from './scale-start.ts';
import { sigterm } from './sigterm.ts';
import { swapEffect } from './swap-effect.ts';
import { throughput } from './throughput.ts';
import { workerBoot } from './worker-boot.ts';
import { workerChange } from './worker-change.ts';
import { workerKills } from './worker-kills.ts';
import { workerRespawn } from './worker-respawn.ts';
import { workerRestarts } from './worker-restarts.ts';
import { workerThroughput } from './worker-throughput.ts';
import { zeroLoss } from './zero-loss.ts';

const benches: readonly Bench[] = [
  zeroLoss,
  sigterm,
  refused,
  throughput,
  metrics,
  proxy,
  proxyKills,
  balancer,
  scaleChange,
  scaleStart,
  poolStart,
  burst,
  swapEffect,
  pipeline,
  certRotation,
  protocolChange,
  attackers,
  http2Floods,
  poolLookup,
  workerThroughput,
  workerRestarts,
  workerKills,
  workerRespawn,
  workerChange,
  workerBoot,
];

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};

const options = ['subject', ...new Set(benches.flatMap(({ parameters }) => Object.keys(parameters)))];

const commandLine = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: Object.fromEntries(options.map((option) => [option, { type: 'string' as const }])),
    });
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause));
  }
};

const { values, positionals } = commandLine();

const wanted = positionals.map((name) => {
  const bench = benches.find((candidate) => candidate.name === name);
  return bench ?? refuse(`no bench ${name}; there are ${benches.map((known) => known.name).join(', ')}`);
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
