// The whole test command: lint, types, build, then the specs. Arguments are vitest's filters (`npm test spec/config`).
// Plain JavaScript, because it must be able to say `0 passed, 1 failed` when nothing else works.
// Its last line is always `N passed, N failed`, and its exit code is 0 only when nothing failed.

import { spawnSync } from 'node:child_process';

const steps = ['lint', 'types', 'clean', 'build'];

const runSteps = () =>
  steps.every((step) => {
    console.log(`\n> ${step}`);
    // One string with `shell`: npm is a script with another name on Windows.
    return spawnSync(`npm run --silent ${step}`, { shell: true, stdio: 'inherit' }).status === 0;
  });

const count = (modules, errors) => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const failed = tests.filter((test) => test.result().state === 'failed').length;
  // A file that could not be loaded, a hook that failed and an error outside any test fail the run, but no test.
  const silent = modules.filter((module) => !module.ok() && ![...module.children.allTests('failed')].length).length;
  return {
    passed: tests.filter((test) => test.result().state === 'passed').length,
    failed: failed + silent + errors.length,
  };
};

const runSpecs = async () => {
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest('test', process.argv.slice(2), { run: true, watch: false });
  const tally = count(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
  await vitest.close();
  return tally.passed + tally.failed === 0 ? { passed: 0, failed: 1 } : tally;
};

let tally = { passed: 0, failed: 1 };
try {
  if (runSteps()) tally = await runSpecs();
} catch (error) {
  console.error(error);
}
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
// Not `exitCode`: a handle that vitest left open must not keep a finished run alive.
process.exit(tally.failed === 0 ? 0 : 1);
