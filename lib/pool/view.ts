import { defer, distinctUntilChanged, from, map, merge, mergeMap, type Observable } from 'rxjs';
import type { PoolChange, PoolServer } from './pool-server.ts';
import type { Select } from './select.ts';

/** The streams of a pool, and its servers as they are now. */
interface Streams {
  readonly servers: ReadonlyMap<string, PoolServer>;
  readonly servers$: Observable<readonly PoolServer[]>;
  readonly changes$: Observable<PoolChange>;
}

/** What of a server has to differ for its being told of again: handles stay the same while what they say changes. */
const featuresOf = (server: PoolServer): readonly unknown[] => [
  server,
  server.bind,
  server.config,
  server.state,
  server.health,
  server.error,
];

interface Selected {
  readonly servers: readonly PoolServer[];
  readonly features: readonly unknown[];
}

const sameFeatures = (a: Selected, b: Selected): boolean =>
  a.features.length === b.features.length && a.features.every((feature, index) => feature === b.features[index]);

/**
 * The selected ones among the servers of a pool, and again whenever one of them is added, removed, or changes.
 *
 * Shape: as `servers$` of the pool: replays the latest, completes with it. What happens to other servers is not told.
 */
export const restrictServers = ({ servers$ }: Streams, selects: Select): Observable<readonly PoolServer[]> =>
  servers$.pipe(
    map((all): Selected => {
      const servers = all.filter(selects);
      return { servers, features: servers.flatMap(featuresOf) };
    }),
    distinctUntilChanged(sameFeatures),
    map(({ servers }) => servers),
  );

/**
 * What happens to the selected entries. One that begins to be selected is `added`, one that no longer is is `removed`,
 * whether its name, its address or anything else changed.
 *
 * Shape: hot as `changes$` of the pool is, completes with the pool. Follows both streams of the pool while subscribed:
 * one says what happened, the other when it is time to look again.
 */
export const restrictChanges = (streams: Streams, selects: Select): Observable<PoolChange> =>
  defer(() => {
    const membership = new Membership(streams.servers.values(), selects);
    return merge(
      streams.changes$.pipe(map((change) => membership.afterChange(change))),
      streams.servers$.pipe(map((servers) => membership.afterLook(servers))),
    ).pipe(mergeMap((changes) => from(changes)));
  });

/** Who was selected when somebody last looked. */
class Membership {
  readonly #selects: Select;
  readonly #known = new Map<PoolServer, Standing>();

  constructor(servers: Iterable<PoolServer>, selects: Select) {
    this.#selects = selects;
    for (const server of servers) this.#known.set(server, this.#look(server));
  }

  afterChange(change: PoolChange): readonly PoolChange[] {
    const { server } = change;
    const before = this.#before(change);
    if (change.type === 'removed') {
      return (before?.selected ?? this.#selects(server)) ? [change] : [];
    }
    const now = this.#look(server);
    this.#known.set(server, now);
    if (change.type === 'added') return now.selected ? [change] : [];
    const was = before?.selected ?? now.selected;
    if (was && now.selected) return [change];
    if (was) return [{ type: 'removed', bind: before?.bind ?? change.bind, server }];
    return now.selected ? [{ type: 'added', bind: change.bind, server }] : [];
  }

  /** Who came or left is told by a change of its own, before or after; here only what those say that stayed. */
  afterLook(servers: readonly PoolServer[]): readonly PoolChange[] {
    const changes: PoolChange[] = [];
    for (const server of servers) {
      const before = this.#known.get(server);
      if (before === undefined || before.bind !== server.bind) continue;
      const selected = this.#selects(server);
      if (selected === before.selected) continue;
      this.#known.set(server, { ...before, selected });
      changes.push({ type: selected ? 'added' : 'removed', bind: before.bind, server });
    }
    return changes;
  }

  #look(server: PoolServer): Standing {
    return { bind: server.bind, selected: this.#selects(server) };
  }

  /** What was known of an entry, which is forgotten: the server itself, or the one whose place it took. */
  #before(change: PoolChange): Standing | undefined {
    const { server, type } = change;
    const own = this.#known.get(server);
    if (own !== undefined) {
      this.#known.delete(server);
      return own;
    }
    if (type !== 'replaced') return undefined;
    for (const [former, standing] of this.#known) {
      if (standing.bind !== change.bind) continue;
      this.#known.delete(former);
      return standing;
    }
    return undefined;
  }
}

interface Standing {
  readonly bind: string;
  readonly selected: boolean;
}
