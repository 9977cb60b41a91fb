import { marksOf } from '../../config/secrets.ts';
import { NotDataError } from '../../source/errors.ts';
import type { LoadedEvent } from '../../source/source.ts';
import { complaintOf } from '../complaint.ts';
import { CommandError, EXIT, exitCodeOfProblem } from '../exit-code.ts';
import { readOnce } from '../read-once.ts';

/**
 * What a file says, as it is sent to a cluster: data.
 *
 * @throws CommandError when the file cannot be used, and when it holds code, which no message can carry.
 */
export const configToSend = async (file: string): Promise<object> => {
  const event = await readOnce(file);
  if (event.type === 'failed') {
    const [first, ...rest] = event.problems;
    throw new CommandError(exitCodeOfProblem(first), [complaintOf(first), ...rest.map(complaintOf)]);
  }
  requireData(event);
  const { servers, commit, strategy, workers } = event;
  return {
    servers,
    ...(commit === undefined ? {} : { commit }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(workers === undefined ? {} : { workers }),
    // Where they end up they are as secret as here.
    secrets: marksOf(servers),
  };
};

const requireData = ({ servers, file }: LoadedEvent): void => {
  for (const [id, server] of Object.entries(servers)) {
    const code = server === null ? undefined : codeIn(server, `servers.${id}`);
    if (code === undefined) continue;
    const { code: errorCode, message } = new NotDataError(code);
    const hint = 'edit the file that the cluster follows, or name code by a module path';
    throw new CommandError(EXIT.invalid, [{ code: errorCode, message, hint, file, server: id }]);
  }
};

/** Where there is something that is no data. A config that was read is neither cyclic nor deep. */
const codeIn = (value: unknown, path: string): string | undefined => {
  if (typeof value === 'function') return path;
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null) return path;
  for (const [name, member] of Object.entries(value)) {
    const found = codeIn(member, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
};
