import { presentDirectories, surroundings } from '../../admin/control-directory.ts';
import { isLeftBehind, socketsIn } from '../../admin/control-socket.ts';
import { connectTo } from '../control/client.ts';
import { CommandError } from '../exit-code.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What control sockets tell: whether their directories are private, and who serves what. */
export interface ControlFindings {
  readonly findings: readonly Finding[];
  /** Addresses by what they are written as, and the name of the cluster that serves them. */
  readonly held: ReadonlyMap<string, string>;
}

/** Milliseconds a cluster has to say what it serves. */
const ASK_MS = 5_000;

export const lookAtControl = async (): Promise<ControlFindings> => {
  const findings: Finding[] = [];
  const held = new Map<string, string>();
  for (const { directory, fault } of presentDirectories(surroundings())) {
    if (fault !== undefined) {
      findings.push(fail('control', fault.message, fault.hint));
      continue;
    }
    const sockets = await socketsIn(directory);
    const live = sockets.filter(({ probe }) => probe === 'answered');
    findings.push(ok('control', `${directory} is private, with ${live.length} of ${sockets.length} sockets in use`));
    for (const socket of sockets.filter(isLeftBehind)) {
      findings.push(warn('leftover', `${socket.path} was left by a process that died`, LEFT));
    }
    for (const socket of live) {
      await using client = connectTo(socket, AbortSignal.timeout(ASK_MS));
      try {
        const { servers, process } = await client.cluster();
        for (const { address, state } of servers) if (state === 'running') held.set(address, process.name);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        findings.push(warn('control', error.message, error.hint));
      }
    }
  }
  return { findings, held };
};

const LEFT = 'nothing to do: the next sluice run removes it';
