import { type Order, readDuration } from '../arguments.ts';
import type { Console } from '../console.ts';
import { underSpinner } from '../spinner.ts';
import { type ControlClient, connectTo } from './client.ts';
import { chooseSocket } from './find.ts';

/** Milliseconds a command has when it is not told otherwise. */
const TIMEOUT_MS = 60_000;

export const timeoutOf = ({ values }: Order): number => readDuration(values.get('timeout') ?? '') ?? TIMEOUT_MS;

/**
 * Talks to the cluster that is meant, and hangs up.
 *
 * @param doing - what the spinner says meanwhile.
 * @throws CommandError when there is no such cluster, and what talking to it throws.
 */
export const withCluster = async <T>(
  order: Order,
  console: Console,
  doing: string,
  talk: (client: ControlClient) => Promise<T>,
): Promise<T> => {
  const socket = await chooseSocket(order.values.get('cluster'));
  await using client = connectTo(socket, AbortSignal.timeout(timeoutOf(order)));
  return await underSpinner(console, doing, order.switches.has('json'), () => talk(client));
};
