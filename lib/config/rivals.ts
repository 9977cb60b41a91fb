import { type Address, overlaps } from './address.ts';
import type { ServerSpec } from './server-spec.ts';

/** The servers that want an address of the same connections as one server does. */
export interface Rivals {
  /** The first few of them, in the order of the config. */
  readonly first: readonly ServerSpec[];
  readonly count: number;
}

const FEW = 3;

/** Hosts that may overlap a host written differently: `overlaps` decides, this only keeps the search short. */
const WIDE = ['', '::', '0.0.0.0', 'localhost', '127.0.0.1', '::1'];

/**
 * Finds the servers whose addresses overlap, each with its rivals. Disabled servers want no address.
 *
 * Linear in the number of servers as long as only wildcards overlap many.
 */
export const findRivals = (specs: Iterable<ServerSpec>): ReadonlyMap<ServerSpec, Rivals> => {
  const sockets = new Map<string | number, ServerSpec | ServerSpec[]>();
  const crowded = new Set<ServerSpec[]>();
  for (const spec of specs) {
    const { address } = spec;
    const socket = address.kind === 'unix' ? address.path : address.port;
    if (spec.disabled || socket === 0) continue;
    const there = sockets.get(socket);
    if (there === undefined) {
      sockets.set(socket, spec);
    } else if (Array.isArray(there)) {
      there.push(spec);
    } else {
      const group = [there, spec];
      sockets.set(socket, group);
      crowded.add(group);
    }
  }
  const found = new Map<ServerSpec, Rivals>();
  for (const group of crowded) {
    const byHost = groupByHost(group);
    for (const spec of group) {
      const rivals = rivalsOf(spec, byHost);
      if (rivals.count > 0) found.set(spec, rivals);
    }
  }
  return found;
};

const hostOf = (address: Address): string => (address.kind === 'unix' ? '' : address.host);

const groupByHost = (specs: readonly ServerSpec[]): ReadonlyMap<string, readonly ServerSpec[]> => {
  const groups = new Map<string, ServerSpec[]>();
  for (const spec of specs) {
    const group = groups.get(hostOf(spec.address));
    if (group === undefined) groups.set(hostOf(spec.address), [spec]);
    else group.push(spec);
  }
  return groups;
};

/** The rivals of one server among those on the same port or socket. */
const rivalsOf = (spec: ServerSpec, byHost: ReadonlyMap<string, readonly ServerSpec[]>): Rivals => {
  const host = hostOf(spec.address);
  const isWildcard = host === '' || host === '::' || host === '0.0.0.0';
  const first: ServerSpec[] = [];
  let count = 0;
  for (const candidate of isWildcard ? byHost.keys() : new Set([host, ...WIDE])) {
    const group = byHost.get(candidate) ?? [];
    const one = group[0];
    if (one === undefined || !overlaps(spec.address, one.address)) continue;
    count += candidate === host ? group.length - 1 : group.length;
    for (const rival of group) {
      if (first.length === FEW) break;
      if (rival !== spec) first.push(rival);
    }
  }
  return { first, count };
};
