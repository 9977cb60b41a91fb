import type { Order } from '../arguments.ts';
import { completionFor, isShell, SHELLS } from '../completion.ts';
import type { Console } from '../console.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';

/** Writes what makes a shell complete the commands of this program. */
export const completion = async ({ operands: [shell = ''] }: Order, console: Console): Promise<ExitCode> => {
  if (!isShell(shell)) {
    const message = `there is no completion for ${JSON.stringify(shell)}`;
    throw new CommandError(EXIT.usage, [{ code: 'ERR_USAGE', message, hint: `shells are ${SHELLS.join(', ')}` }]);
  }
  console.stdout.write(completionFor(shell));
  return EXIT.done;
};
