import { catchError, concatMap, defer, finalize, forkJoin, map, type Observable, of } from 'rxjs';
import { aim } from '../cluster/aim.ts';
import { blocked } from '../cluster/blocked.ts';
import { type Refusal, toRefusal } from '../cluster/outcome.ts';
import { planOf, type Step, type Steps } from '../cluster/plan.ts';
import type { Verdict } from '../cluster/verdict.ts';
import type { Address } from '../config/address.ts';
import type { CommitMode } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { absent } from './absent.ts';
import type { CommitSite } from './commit-site.ts';
import type { Hold } from './holds.ts';
import { Interruption } from './interruption.ts';
import type { Place } from './places.ts';
import { oncePerServer } from './refusal-data.ts';
import type { Proposal, RoundResult } from './round.ts';

type Specs = ReadonlyMap<string, ServerSpec>;

/** What is to be put in force. */
export interface Task {
  /** The push it comes from. */
  readonly revision: number;
  readonly mode: CommitMode;
  /** Everything that is wanted, disabled servers included. */
  readonly specs: Specs;
  /** Of these, what is to run. */
  readonly desired: Specs;
  /** Servers that are known to stay behind. */
  readonly refused: readonly Refusal[];
  /** The steps, as far as somebody has planned them. */
  readonly known: Steps;
  /** Servers that are to be built anew. */
  readonly renew: readonly string[] | undefined;
}

interface Attempt {
  readonly refused: readonly Refusal[];
  readonly unrestored: readonly Refusal[];
  readonly known?: Steps;
}

/** What one attempt is about. */
interface Stage {
  readonly steps: Steps;
  readonly behind: readonly Refusal[];
  readonly reachable: Specs;
  /** Addresses that were taken for it, by server. */
  readonly taken: Map<string, Hold>;
}

type Undone = { readonly refusals: readonly Refusal[]; readonly unrestored: readonly Refusal[] };

const isUndone = (result: RoundResult | Undone): result is Undone => 'refusals' in result;

/**
 * Makes servers run in all workers, starting from what runs: plans, takes addresses, has all workers prepare and then
 * switch, and lets go of what nobody wants any more.
 *
 * Emits one verdict and completes. What cannot be done undoes the whole commit, or, with `independent`, the servers that
 * any worker cannot prepare stay at their last good version in all of them. Cold; unsubscribing before the switch lets go
 * of everything that was taken, and has all workers undo what they have prepared.
 */
export const commit = (site: CommitSite, task: Task): Observable<Verdict> =>
  attempt(site, task, { refused: task.refused, unrestored: [], known: task.known });

const attempt = (site: CommitSite, task: Task, { refused, unrestored, known }: Attempt): Observable<Verdict> =>
  defer(() => {
    const { places, strategy } = site;
    const situation = { standings: places.standings(task.desired), members: places.members, strategy };
    const { steps, behind, reachable } = aim(situation, task.desired, refused, known);
    const [first] = behind;
    if (first !== undefined && steps.steps.length === 0) {
      const { server, cause } = first;
      return of<Verdict>({ status: 'rolledBack', server, cause, unrestored, refused: behind });
    }
    const stage: Stage = { steps, behind, reachable, taken: new Map() };
    const again = ({ refusals, unrestored: lost }: Undone): Observable<Verdict> => {
      const all = oncePerServer([...unrestored, ...lost]);
      const isWhole = task.mode === 'atomic' || refusals.some(({ server }) => server === '');
      if (!isWhole) return attempt(site, task, { refused: [...refused, ...refusals], unrestored: all });
      const [{ server, cause } = toRefusal('', 'nobody said why')] = refusals;
      return of<Verdict>({
        status: 'rolledBack',
        server: server === '' ? onlyIn(steps) : server,
        cause,
        unrestored: all,
      });
    };
    return carryOut(site, task, stage).pipe(
      concatMap((result) =>
        isUndone(result) ? again(result) : of<Verdict>({ status: 'committed', plan: planOf(steps), refused: behind }),
      ),
    );
  });

/** What a whole worker could not do is about the one server that changes, when there is no more than one. */
const onlyIn = ({ steps }: Steps): string => (steps.length === 1 ? (steps[0]?.server ?? '') : '');

const carryOut = (site: CommitSite, task: Task, stage: Stage): Observable<RoundResult | Undone> => {
  const { steps } = stage.steps;
  const displaced = new Set(steps.flatMap(({ displaces }) => displaces));
  const interruption = displaced.size === 0 ? undefined : new Interruption(site, task.revision, displaced);
  const early = steps.filter(({ displaces }) => displaces.length === 0);
  const late = steps.filter(({ displaces }) => displaces.length > 0);
  const propose = (): Observable<RoundResult | Undone> => switchAll(site, task, stage);
  const undoing =
    (interrupted: Interruption) =>
    (result: RoundResult | Undone): Observable<RoundResult | Undone> =>
      isUndone(result)
        ? interrupted
            .restore(() => letGo(stage))
            .pipe(map((lost) => ({ ...result, unrestored: [...result.unrestored, ...lost] })))
        : of(result);
  const go$ = take(site, early, stage).pipe(
    concatMap((refusals) => {
      if (refusals.length > 0) return of<Undone>({ refusals, unrestored: [] });
      if (interruption === undefined) return propose();
      return interruption.begin().pipe(
        concatMap((result) => {
          if (isUndone(result)) return of(result);
          return take(site, late, stage).pipe(
            concatMap(
              (more): Observable<RoundResult | Undone> =>
                more.length > 0 ? of<Undone>({ refusals: more, unrestored: [] }) : propose(),
            ),
            concatMap(undoing(interruption)),
          );
        }),
      );
    }),
  );
  // Places have shares of their own by then.
  return go$.pipe(finalize(() => letGo(stage)));
};

const letGo = ({ taken }: Stage): void => {
  for (const hold of [...taken.values()].reverse()) hold.release();
  taken.clear();
};

/** Takes the addresses that these steps need; emits who cannot have theirs. */
const take = ({ holds }: CommitSite, steps: readonly Step[], { taken }: Stage): Observable<readonly Refusal[]> => {
  const wanted = steps.flatMap(({ server, bind, spec, toAddress, to = '', blockedBy }) => {
    if (blockedBy !== undefined) return [of(toRefusal(server, blocked(to, blockedBy)))];
    if (!bind || spec === undefined || toAddress === undefined) return [];
    return [
      holds.take(toAddress, spec.address).pipe(
        map((hold) => {
          taken.set(server, hold);
          return undefined;
        }),
        catchError((cause: unknown) => of(toRefusal(server, cause))),
      ),
    ];
  });
  if (wanted.length === 0) return of([]);
  return forkJoin(wanted).pipe(map((all) => all.filter((refusal) => refusal !== undefined)));
};

/** Has all workers put it in force. */
const switchAll = (site: CommitSite, task: Task, { steps, reachable, taken }: Stage): Observable<RoundResult> => {
  const { fleet, holds, places, configs } = site;
  const addresses = new Map<string, Address>();
  for (const id of reachable.keys()) {
    const place = places.get(id);
    if (place !== undefined) addresses.set(id, place.address);
  }
  for (const { server, toAddress } of steps.steps) {
    const address = taken.get(server)?.address ?? toAddress;
    if (address !== undefined) addresses.set(server, address);
  }
  const { servers, marks } = configs.write(reachable, addresses);
  absent(servers, [...task.specs.keys(), ...[...reachable.values()].flatMap(({ dependsOn }) => dependsOn)]);
  const changed = new Set(steps.steps.map(({ server }) => server));
  const renew = task.renew?.filter((id) => changed.has(id));
  const proposal: Proposal = {
    config: { epoch: fleet.epoch + 1, revision: task.revision, servers, marks },
    commit: task.mode,
    ...(renew === undefined ? {} : { renew }),
  };
  let leaving: readonly Hold[] = [];
  const arrive = (): void => {
    const next = new Map<string, Place>();
    for (const [id, spec] of reachable) {
      const address = addresses.get(id) ?? spec.address;
      const hold = holds.share(address);
      // It was taken, or is held by whoever stands there.
      if (hold !== undefined) next.set(id, { spec, address, hold });
    }
    leaving = places.replace(next);
  };
  return fleet.commit(proposal, arrive).pipe(
    finalize(() => {
      for (const hold of leaving) hold.release();
    }),
  );
};
