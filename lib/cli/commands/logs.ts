import { jsonLine } from '../../admin/json-line.ts';
import type { LogEntry } from '../../admin/log-ring.ts';
import type { Order } from '../arguments.ts';
import type { Console } from '../console.ts';
import { connectTo } from '../control/client.ts';
import { chooseSocket } from '../control/find.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';

/** Writes what a cluster has said, and with `--follow` what it says until it ends or nobody reads any more. */
export const logs = async (order: Order, console: Console): Promise<ExitCode> => {
  const { switches, values } = order;
  const follow = switches.has('follow');
  const socket = await chooseSocket(values.get('cluster'));
  await using client = connectTo(socket);
  const left = new Promise<void>((resolve) => console.stdout.gone$.subscribe(() => resolve()));
  const print = async (): Promise<void> => {
    for await (const { data } of client.stream(`/api/logs?lines=${values.get('lines') ?? 100}&follow=${follow}`)) {
      // What `createLogRing` was given by `run`, of the same version.
      const { text, isWrong, event } = data as LogEntry;
      if (switches.has('json')) console.stdout.write(`${jsonLine(event)}\n`);
      else console[isWrong ? 'stderr' : 'stdout'].write(`${text}\n`);
    }
  };
  await Promise.race([print(), left]);
  return EXIT.done;
};
