import { catchError, concatMap, defer, forkJoin, map, type Observable, of, tap } from 'rxjs';
import { type Refusal, toRefusal } from '../cluster/outcome.ts';
import type { Address } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { absent } from './absent.ts';
import type { CommitSite } from './commit-site.ts';
import type { Hold } from './holds.ts';
import type { Place } from './places.ts';
import type { Proposal, RoundResult } from './round.ts';

/**
 * What cannot be done beside the old: servers whose addresses overlap with new ones leave in all workers before those can
 * be bound. When the commit comes to nothing they are put back.
 */
export class Interruption {
  readonly #site: CommitSite;
  readonly #revision: number;
  readonly #displaced: ReadonlyMap<string, Place>;

  /** @param ids - servers that have to make way. */
  constructor(site: CommitSite, revision: number, ids: ReadonlySet<string>) {
    this.#site = site;
    this.#revision = revision;
    this.#displaced = new Map(
      [...ids].flatMap((id) => {
        const place = site.places.get(id);
        return place === undefined ? [] : [[id, place] as const];
      }),
    );
  }

  /** Has them leave; emits what came of that. */
  begin(): Observable<RoundResult> {
    return defer(() => {
      const stays = new Map([...this.#site.places.entries].filter(([id]) => !this.#displaced.has(id)));
      return this.#put(stays).pipe(
        tap((result) => {
          // They are let go of by now: nobody else holds them.
          if (result.status === 'switched') for (const { hold } of this.#displaced.values()) hold.release();
        }),
      );
    });
  }

  /**
   * Puts them back; emits those that cannot be.
   *
   * @param free - lets go of what is in their way.
   */
  restore(free: () => void): Observable<readonly Refusal[]> {
    return defer(() => {
      free();
      const taken = [...this.#displaced].map(([id, { spec, address }]) =>
        this.#site.holds.take(address, spec.address).pipe(
          map((hold): { readonly id: string; readonly spec: ServerSpec; readonly hold: Hold } => ({ id, spec, hold })),
          catchError((cause: unknown) => of(toRefusal(id, cause))),
        ),
      );
      if (taken.length === 0) return of([]);
      return forkJoin(taken).pipe(
        concatMap((all) => {
          const back = all.flatMap((one) => ('hold' in one ? [one] : []));
          const lost = all.flatMap((one) => ('hold' in one ? [] : [one]));
          const next = new Map(this.#site.places.entries);
          for (const { id, spec, hold } of back) next.set(id, { spec, address: hold.address, hold });
          return this.#put(next).pipe(
            map((result) => {
              if (result.status !== 'refused') return lost;
              for (const { hold } of back) hold.release();
              return [...lost, ...result.refusals];
            }),
          );
        }),
      );
    });
  }

  /** Has all workers run these servers and no others. */
  #put(next: ReadonlyMap<string, Place>): Observable<RoundResult> {
    const { fleet, configs, places } = this.#site;
    const specs = new Map(Array.from(next, ([id, { spec }]) => [id, spec]));
    const addresses = new Map<string, Address>(Array.from(next, ([id, { address }]) => [id, address]));
    const { servers, marks } = configs.write(specs, addresses);
    absent(servers, [...this.#displaced.keys(), ...[...specs.values()].flatMap(({ dependsOn }) => dependsOn)]);
    const config = { epoch: fleet.epoch + 1, revision: this.#revision, servers, marks };
    const proposal: Proposal = { config, commit: 'atomic' };
    return fleet.commit(proposal, () => void places.replace(next));
  }
}
