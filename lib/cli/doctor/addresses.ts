import { lstatSync } from 'node:fs';
import { catchError, firstValueFrom, map, of, take } from 'rxjs';
import { type Address, formatAddress, isAnyPort } from '../../config/address.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import { BindError } from '../../listener/errors.ts';
import { systemListeners } from '../../listener/listeners.ts';
import { probeSocket } from '../../listener/probe.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/**
 * Whether servers could be bound, by binding them for a moment.
 *
 * @param held - addresses that a cluster of this machine serves, and which.
 */
export const lookAtAddresses = async (
  specs: Iterable<ServerSpec>,
  held: ReadonlyMap<string, string>,
): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  // One after the other: two at once would be in each other's way when their addresses overlap.
  for (const { id, address, disabled } of specs) if (!disabled) findings.push(await look(id, address, held));
  return findings;
};

const look = async (id: string, address: Address, held: ReadonlyMap<string, string>): Promise<Finding> => {
  const text = formatAddress(address);
  const holder = held.get(text) ?? (address.kind === 'unix' ? held.get(address.path) : undefined);
  if (holder !== undefined) return ok('address', `${id}: ${text} is served by the cluster ${holder}`);
  // A socket file that is there is only looked at: binding would remove what a process left, and that is for its heir.
  if (address.kind === 'unix' && lstatSync(address.path, { throwIfNoEntry: false }) !== undefined) {
    return lookAtFile(id, address.path);
  }
  return firstValueFrom(
    systemListeners(address).pipe(
      take(1),
      map(() => ok('address', isAnyPort(address) ? `${id}: a port is free` : `${id}: ${text} is free`)),
      catchError((error: unknown) => {
        const hint = error instanceof BindError ? error.hint : undefined;
        const message = error instanceof Error ? error.message : String(error);
        return of(fail('address', `${id}: ${message}`, hint ?? 'choose another address'));
      }),
    ),
  );
};

const lookAtFile = async (id: string, path: string): Promise<Finding> => {
  if (!lstatSync(path).isSocket()) {
    return fail('address', `${id}: ${path} is there and no socket`, 'move it away or choose another path');
  }
  return (await probeSocket(path)) === 'refused'
    ? warn('leftover', `${id}: ${path} was left by a process that died`, 'nothing to do: the next start removes it')
    : fail('address', `${id}: somebody listens on ${path}`, 'stop who does, or choose another path');
};
