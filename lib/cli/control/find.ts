import { presentDirectories, surroundings } from '../../admin/control-directory.ts';
import { type ControlSocket, socketAt, socketsIn } from '../../admin/control-socket.ts';
import { nearest } from '../../config/nearest.ts';
import type { Complaint } from '../complaint.ts';
import { CommandError, EXIT } from '../exit-code.ts';

/** The control sockets of this machine that may be used and on which somebody listens; and what was found instead. */
export interface Found {
  readonly sockets: readonly ControlSocket[];
  /** Directories that are not private. */
  readonly complaints: readonly Complaint[];
}

export const findSockets = async (): Promise<Found> => {
  const complaints: Complaint[] = [];
  const sockets: ControlSocket[] = [];
  for (const { directory, fault } of presentDirectories(surroundings())) {
    if (fault === undefined) {
      sockets.push(...(await socketsIn(directory)).filter(({ probe }) => probe === 'answered'));
    } else {
      const { code, message, hint } = fault;
      complaints.push({ code, message, hint });
    }
  }
  return { sockets, complaints };
};

/**
 * The one cluster that is meant.
 *
 * @param which - a name, a process id, or the path of a socket; it may be left out when only one runs.
 * @throws CommandError when there is none, or when several could be meant.
 */
export const chooseSocket = async (which: string | undefined): Promise<ControlSocket> => {
  if (which?.includes('/')) return socketAt(which) ?? { path: which, name: which, pid: 0 };
  const { sockets, complaints } = await findSockets();
  const meant = which === undefined ? sockets : sockets.filter(({ name, pid }) => name === which || `${pid}` === which);
  const [first, ...others] = meant;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) throw failure(ambiguous([first, ...others], which));
  if (which !== undefined && sockets.length > 0) throw failure(unknown(which, sockets));
  throw failure(NONE, ...complaints);
};

const failure = (...complaints: readonly [Complaint, ...Complaint[]]): CommandError =>
  new CommandError(EXIT.error, complaints);

const NONE: Complaint = {
  code: 'ERR_CONTROL_NONE',
  message: 'no cluster runs here that could be reached',
  hint: 'start one with sluice run; one of another user is reached as that user, or as root',
};

const listed = (sockets: readonly ControlSocket[]): string =>
  sockets.map(({ name, pid }) => `${name} (${pid})`).join(', ');

const ambiguous = (sockets: readonly [ControlSocket, ...ControlSocket[]], which: string | undefined): Complaint => {
  const [{ name, pid }] = sockets;
  const isOnlyOne = sockets.filter((socket) => socket.name === name).length === 1;
  return {
    code: 'ERR_CONTROL_AMBIGUOUS',
    message: `${sockets.length} clusters ${which === undefined ? 'run here' : `are called ${which}`}: ${listed(sockets)}`,
    hint: `name one: --cluster ${isOnlyOne ? name : pid}`,
  };
};

const unknown = (which: string, sockets: readonly ControlSocket[]): Complaint => {
  const near = nearest(
    which,
    sockets.map(({ name }) => name),
  );
  return {
    code: 'ERR_CONTROL_UNKNOWN',
    message: `no cluster is called ${JSON.stringify(which)}`,
    hint: near === undefined ? `there are ${listed(sockets)}` : `did you mean ${near}?`,
  };
};
