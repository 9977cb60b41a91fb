import { type Address, formatAddress, isAnyPort, overlaps, sameAddress } from '../config/address.ts';
import { dependencyLevels, inStartOrder, inStopOrder } from '../config/dependency-order.ts';
import { differences } from '../config/same.ts';
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
  /** What differs, by the names that a config has for it; none when it is only built anew. Absent for `start` and `stop`. */
  readonly fields?: readonly string[];
}

/** What a commit would do, or did: pure data. */
export interface Plan {
  /** Those that start or change, each after those it depends on; then those that stop, each before those. */
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
  /** The server that keeps an address which overlaps with `toAddress`: this step cannot be done. */
  readonly blockedBy: string | undefined;
}

export interface Steps {
  readonly steps: readonly Step[];
  readonly release: readonly string[];
  readonly unchanged: readonly string[];
}

interface Place {
  readonly id: string;
  readonly address: Address;
}

/** Addresses by port or path: those that overlap with one are found without looking at all of them. */
type Places = Map<number | string, Place[]>;

const portOf = (address: Address): number | string => (address.kind === 'tcp' ? address.port : address.path);

const put = (places: Places, place: Place): void => {
  const port = portOf(place.address);
  const onPort = places.get(port);
  if (onPort === undefined) places.set(port, [place]);
  else onPort.push(place);
};

const overlapping = (places: Places, address: Address): readonly string[] => {
  const there = places.get(portOf(address));
  if (there === undefined) return [];
  return there.filter((place) => overlaps(place.address, address)).map(({ id }) => id);
};

/**
 * Where every server will stand: a free port that was found once is kept as long as a free port is asked for. A server
 * that is down loses it to whoever asks for it by number or found it since.
 */
const destinations = (
  actual: ReadonlyMap<string, Standing>,
  desired: ReadonlyMap<string, ServerSpec>,
): ReadonlyMap<string, Address> => {
  const found = new Map<string, Address>();
  const deserted: ServerSpec[] = [];
  for (const [id, spec] of desired) {
    const standing = actual.get(id);
    const isKept =
      standing !== undefined && (standing.spec === spec || sameAddress(standing.spec.address, spec.address));
    found.set(id, isKept ? standing.address : spec.address);
    if (isKept && !standing.up && isAnyPort(spec.address)) deserted.push(spec);
  }
  if (deserted.length === 0) return found;
  const taken: Places = new Map();
  const waiting = new Set(deserted.map(({ id }) => id));
  for (const [id, address] of found) if (!waiting.has(id)) put(taken, { id, address });
  for (const { id, address: asked } of deserted) {
    const address = found.get(id) ?? asked;
    if (overlapping(taken, address).length > 0) found.set(id, asked);
    else put(taken, { id, address });
  }
  return found;
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
  /** A server on a free port keeps it; whoever asks for that very port by number cannot have it. */
  blockedBy(id: string, address: Address): string | undefined;
}

const survey = (
  actual: ReadonlyMap<string, Standing>,
  desired: ReadonlyMap<string, ServerSpec>,
  to: ReadonlyMap<string, Address>,
): Ground => {
  const holders = new Map<string, string>();
  const taken = new Set<string>();
  for (const [id, { address, up }] of actual) if (up) holders.set(formatAddress(address), id);
  for (const address of to.values()) taken.add(formatAddress(address));
  const release: string[] = [];
  const leaving: Places = new Map();
  const keeping: Places = new Map();
  for (const [text, id] of holders) {
    const standing = actual.get(id);
    if (standing === undefined) continue;
    const { address } = standing;
    const spec = desired.get(id);
    if (!taken.has(text)) {
      release.push(text);
      put(leaving, { id, address });
    } else if (spec !== undefined && isAnyPort(spec.address) && sameAddress(to.get(id) ?? spec.address, address)) {
      put(keeping, { id, address });
    }
  }
  const blockedBy = (id: string, address: Address): string | undefined =>
    overlapping(keeping, address).find((keeper) => keeper !== id);
  return {
    isFree: (id, address) =>
      isAnyPort(address) || !holders.has(formatAddress(address)) || blockedBy(id, address) !== undefined,
    release,
    inTheWay: (address) => overlapping(leaving, address),
    blockedBy,
  };
};

/** Nothing but what answers is exchanged: no address changes hands. */
const still: Ground = { isFree: () => false, release: [], inTheWay: () => [], blockedBy: () => undefined };

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
  const found = destinations(actual, desired);
  for (const [id, spec] of desired) {
    const standing = actual.get(id);
    const to = found.get(id) ?? spec.address;
    const action = actionFor(spec, standing, to, strategy);
    if (action === undefined) unchanged.push(id);
    else changes.push({ spec, to, action });
  }
  const gone = [...actual.values()].map(({ spec }) => spec).filter(({ id }) => !desired.has(id));
  const ground =
    gone.length > 0 || changes.some(({ action }) => action !== 'update') ? survey(actual, desired, found) : still;

  const from = (id: string): { readonly from?: string } => {
    const standing = actual.get(id);
    return standing?.up === true ? { from: formatAddress(standing.address) } : {};
  };
  const fields = (spec: ServerSpec): Pick<Step, 'fields'> => {
    const standing = actual.get(spec.id);
    return standing?.up === true ? { fields: differences(standing.spec, spec) } : {};
  };
  const ordered = inStartOrder(
    changes,
    changes.length > 0 ? dependencyLevels(desired) : new Map(),
    ({ spec }) => spec.id,
  );
  const steps = ordered.map(({ spec, to, action }): Step => {
    const bind = action === 'restart' || ground.isFree(spec.id, to);
    const displaces = bind ? ground.inTheWay(to) : [];
    const blockedBy = ground.blockedBy(spec.id, to);
    const at = { to: formatAddress(to), toAddress: to };
    return { server: spec.id, action, ...from(spec.id), ...at, ...fields(spec), spec, bind, displaces, blockedBy };
  });
  const goneLevels = dependencyLevels(new Map(gone.map((spec) => [spec.id, spec])));
  const stops = inStopOrder(gone, goneLevels, ({ id }) => id).map(({ id }): Step => {
    return {
      server: id,
      action: 'stop',
      ...from(id),
      spec: undefined,
      toAddress: undefined,
      bind: false,
      displaces: [],
      blockedBy: undefined,
    };
  });
  return { steps: [...steps, ...stops], release: ground.release, unchanged };
};

/** The steps as data for people and programs outside, frozen: many are told of the same plan. */
export const planOf = ({ steps, release, unchanged }: Steps): Plan => {
  const changes = steps.map(({ server, action, from, to, fields }) =>
    Object.freeze({
      server,
      action,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(fields === undefined ? {} : { fields: Object.freeze(fields) }),
    }),
  );
  const bind = steps.flatMap(({ bind, to }) => (bind && to !== undefined ? [to] : []));
  return Object.freeze({
    changes: Object.freeze(changes),
    bind: Object.freeze(bind),
    release: Object.freeze(release),
    unchanged: Object.freeze(unchanged),
  });
};
