import { type Address, formatAddress, overlaps, sameAddress } from '../config/address.ts';
import type { Strategy } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';

/** What a commit does to one server. */
export interface Change {
  readonly server: string;
  /**
   * - `start`: it did not run.
   * - `update`: it stays on its address; what answers there, or its limits, are exchanged in one turn.
   * - `move`: it answers on another address from now on.
   * - `restart`: it is stopped first and started again (`strategy: 'stop-then-start'`).
   * - `stop`: it finishes what it accepted, then leaves.
   */
  readonly action: 'start' | 'update' | 'move' | 'restart' | 'stop';
  /** Where it answered before; absent when it did not. */
  readonly from?: string;
  /** Where it answers afterwards; absent for `stop`. */
  readonly to?: string;
}

/** What a commit would do, or did: pure data. */
export interface Plan {
  readonly changes: readonly Change[];
  /** Addresses nobody holds yet, in the order in which they are bound. */
  readonly bind: readonly string[];
  /** Addresses nobody wants any more. */
  readonly release: readonly string[];
  /** Servers that are not touched. */
  readonly unchanged: readonly string[];
}

/** A server as the last commit left it. */
export interface Standing {
  readonly spec: ServerSpec;
  /** Where it listens, with the real port. */
  readonly address: Address;
  /** It answers. What crashed, failed or waits for a restart does not, and is started anew by the next commit. */
  readonly up: boolean;
}

/** One change with what carrying it out needs. */
export interface Step extends Change {
  /** What is to run; absent for `stop`. */
  readonly spec: ServerSpec | undefined;
  readonly toAddress: Address | undefined;
  /** Nobody holds `toAddress`: it has to be bound. */
  readonly bind: boolean;
  /** Servers whose addresses overlap with `toAddress` and have to be let go before it can be bound. */
  readonly displaces: readonly string[];
}

export interface Steps {
  readonly steps: readonly Step[];
  readonly release: readonly string[];
  readonly unchanged: readonly string[];
}

const isAnyPort = (address: Address): boolean => address.kind === 'tcp' && address.port === 0;

/** Where a server will stand: a free port that was found once is kept as long as a free port is asked for. */
const destination = (spec: ServerSpec, standing: Standing | undefined): Address => {
  if (standing === undefined) return spec.address;
  const asked = standing.spec === spec || sameAddress(standing.spec.address, spec.address);
  return asked ? standing.address : spec.address;
};

const actionFor = (
  spec: ServerSpec,
  standing: Standing | undefined,
  to: Address,
  strategy: Strategy,
): Step['action'] | undefined => {
  if (standing === undefined || !standing.up) return 'start';
  if (standing.spec === spec) return undefined;
  if ((spec.strategy ?? strategy) === 'stop-then-start') return 'restart';
  return sameAddress(standing.address, to) ? 'update' : 'move';
};

/** Who holds which address, and which addresses nobody wants any more. */
interface Ground {
  /** The address has to be bound: nobody holds it, or whoever does keeps it. */
  isFree(id: string, address: Address): boolean;
  readonly release: readonly string[];
  /** Servers that leave an address which overlaps with this one. */
  inTheWay(address: Address): readonly string[];
}

const portOf = (address: Address): number | string => (address.kind === 'tcp' ? address.port : address.path);

const survey = (actual: ReadonlyMap<string, Standing>, desired: ReadonlyMap<string, ServerSpec>): Ground => {
  const holders = new Map<string, string>();
  const taken = new Set<string>();
  for (const [id, { address, up }] of actual) if (up) holders.set(formatAddress(address), id);
  for (const [id, spec] of desired) taken.add(formatAddress(destination(spec, actual.get(id))));
  const release: string[] = [];
  const leaving = new Map<number | string, { readonly id: string; readonly address: Address }[]>();
  for (const [text, id] of holders) {
    const standing = actual.get(id);
    if (standing === undefined || taken.has(text)) continue;
    release.push(text);
    const { address } = standing;
    const onPort = leaving.get(portOf(address)) ?? [];
    onPort.push({ id, address });
    leaving.set(portOf(address), onPort);
  }
  /** A server on a free port keeps it; whoever asks for that very port by number cannot have it. */
  const stays = (id: string): boolean => {
    const spec = desired.get(id);
    const standing = actual.get(id);
    return spec !== undefined && standing !== undefined && sameAddress(destination(spec, standing), standing.address);
  };
  return {
    isFree: (id, address) => {
      const holder = holders.get(formatAddress(address));
      return isAnyPort(address) || holder === undefined || (holder !== id && stays(holder));
    },
    release,
    inTheWay: (address) =>
      (leaving.get(portOf(address)) ?? []).filter((left) => overlaps(left.address, address)).map(({ id }) => id),
  };
};

/** Nothing but what answers is exchanged: no address changes hands. */
const still: Ground = { isFree: () => false, release: [], inTheWay: () => [] };

/**
 * What has to happen so that `desired` runs where `actual` runs now. Pure: carrying out the steps reaches `desired`
 * from any `actual`, and for an equal one there are none.
 *
 * Addresses change hands without being closed: a server that wants the address another one leaves is attached to it.
 *
 * @param actual - what the last commit achieved, which may differ from what it was asked for.
 * @param desired - the servers that should run, disabled ones left out; their addresses must not overlap.
 * @param strategy - for servers that do not say themselves.
 */
export const diff = (
  actual: ReadonlyMap<string, Standing>,
  desired: ReadonlyMap<string, ServerSpec>,
  strategy: Strategy,
): Steps => {
  const unchanged: string[] = [];
  const changes: { readonly spec: ServerSpec; readonly to: Address; readonly action: Step['action'] }[] = [];
  for (const [id, spec] of desired) {
    const standing = actual.get(id);
    const to = destination(spec, standing);
    const action = actionFor(spec, standing, to, strategy);
    if (action === undefined) unchanged.push(id);
    else changes.push({ spec, to, action });
  }
  const gone = [...actual.keys()].filter((id) => !desired.has(id));
  const ground = gone.length > 0 || changes.some(({ action }) => action !== 'update') ? survey(actual, desired) : still;

  const from = (id: string): { readonly from?: string } => {
    const standing = actual.get(id);
    return standing?.up === true ? { from: formatAddress(standing.address) } : {};
  };
  const steps = changes.map(({ spec, to, action }): Step => {
    const bind = action === 'restart' || ground.isFree(spec.id, to);
    const displaces = bind ? ground.inTheWay(to) : [];
    const at = { to: formatAddress(to), toAddress: to };
    return { server: spec.id, action, ...from(spec.id), ...at, spec, bind, displaces };
  });
  const stops = gone.map((id): Step => {
    return {
      server: id,
      action: 'stop',
      ...from(id),
      spec: undefined,
      toAddress: undefined,
      bind: false,
      displaces: [],
    };
  });
  return { steps: [...steps, ...stops], release: ground.release, unchanged };
};

/** The steps as data for people and programs outside. */
export const planOf = ({ steps, release, unchanged }: Steps): Plan => ({
  changes: steps.map(({ server, action, from, to }) => ({
    server,
    action,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  })),
  bind: steps.flatMap(({ bind, to }) => (bind && to !== undefined ? [to] : [])),
  release,
  unchanged,
});
