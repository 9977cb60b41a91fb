/** Options whose value may be the argument that follows. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '--inspect-port',
  '--debug-port',
  '-e',
  '--eval',
  '-p',
  '--print',
  '-pe',
  '--input-type',
]);

/** One for this process: a debugger's port, code in place of a file, a watcher that would start workers anew. */
const OWN =
  /^(?:--inspect(?:-brk|-wait|-port|-publish-uid)?|--debug-port|-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--input-type|--watch|--watch-path|--watch-preserve-output|--test)(?:=|$)/;

/**
 * The options of Node that a worker can have in common with the process that starts it.
 *
 * Left out are those that only one process can have: all workers would want the same debugging port, or run the code of
 * `--eval` instead of their own.
 */
export const workerExecArgv = (execArgv: readonly string[]): readonly string[] => {
  const kept: string[] = [];
  for (let at = 0; at < execArgv.length; at += 1) {
    const argument = execArgv[at] ?? '';
    if (!OWN.test(argument)) {
      kept.push(argument);
      continue;
    }
    const next = execArgv[at + 1];
    if (WITH_VALUE.has(argument) && next !== undefined && !/^-./.test(next)) at += 1;
  }
  return kept;
};
