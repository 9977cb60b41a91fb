import {
  concat,
  concatMap,
  defer,
  filter,
  finalize,
  first,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  Subject,
  scan,
  startWith,
  takeUntil,
  takeWhile,
  tap,
  timer,
} from 'rxjs';
import type { Refusal } from '../cluster/outcome.ts';
import type { CommitMode } from '../config/server-config.ts';
import { type Ballot, cast, count, openBallot, silent, type Vote } from './ballot.ts';
import { PrepareTimeoutError, UndeliveredError } from './errors.ts';
import type { ConfigData, FromAgent, ToAgent } from './messages.ts';
import type { Peer } from './peer.ts';
import { fromRefusalData, oncePerServer, refusalOf } from './refusal-data.ts';

/** A config that all workers are to put in force, or none. */
export interface Proposal {
  readonly config: ConfigData;
  readonly commit: CommitMode;
  /** Servers to be built anew even if their configs say the same. */
  readonly renew?: readonly string[];
}

/** What became of a proposal. */
export type RoundResult =
  | { readonly status: 'switched' }
  /** Nobody has changed, but for servers that could not be put back. */
  | { readonly status: 'refused'; readonly refusals: readonly Refusal[]; readonly unrestored: readonly Refusal[] }
  /** All who were asked have left before any of them said anything. */
  | { readonly status: 'deserted' };

/** Something a worker said or did. */
export type PeerEvent = { readonly peer: Peer } & (
  | { readonly message: FromAgent }
  /** It has ended, or stands still. */
  | { readonly gone: Error }
);

/** Where a round takes place. */
export interface RoundSite {
  /** A number that no other round has. */
  readonly number: number;
  /** Those that take part. */
  readonly peers: readonly Peer[];
  /** Hot. */
  readonly events$: Observable<PeerEvent>;
  /** Cold: emits whether it was delivered, and completes. */
  readonly send: (peer: Peer, message: ToAgent) => Observable<boolean>;
  readonly prepareTimeoutMs: number;
  /** Called once, when there is no way back: whoever joins from then on gets this config. */
  readonly decided: () => void;
}

const voteOf = (number: number, event: PeerEvent): Vote | undefined => {
  const { peer } = event;
  if ('gone' in event) return { type: 'refused', refusals: [refusalOf(peer, event.gone)] };
  const { message } = event;
  if (message.type === 'leaving') return { type: 'left' };
  if (message.type === 'prepared' && message.round === number) return { type: 'prepared' };
  if (message.type === 'refused' && message.round === number) {
    return { type: 'refused', refusals: fromRefusalData(peer, message.refusals) };
  }
  return undefined;
};

/** Whether nothing more is to be expected of a worker in a round, whatever it was told. */
const isDone = (number: number, event: PeerEvent): boolean => {
  if ('gone' in event) return true;
  const { message } = event;
  if (message.type === 'leaving') return true;
  const isLast = message.type === 'switched' || message.type === 'undone' || message.type === 'refused';
  return isLast && message.round === number;
};

/**
 * One config, put in force by all workers that take part, or by none.
 *
 * 1. All are asked to prepare it. The first that cannot, that ends, or that does not say anything in time decides: all
 *    are told to undo it.
 * 2. When all are prepared they are told to switch. From then on there is no way back, and none is needed: a worker that
 *    ends now comes back with what is in force, and one that stands still does it when it goes on or is replaced.
 *
 * Emits what became of it and completes, when all have done what they were told, or when they had as long again. Cold,
 * never errors. Unsubscribing before it is decided has all of them undo it.
 */
export const round = (proposal: Proposal, site: RoundSite): Observable<RoundResult> =>
  defer(() => {
    const { number, peers, events$, send, prepareTimeoutMs } = site;
    const byPid = new Map(peers.map((peer) => [peer.pid, peer]));
    const own$ = events$.pipe(filter(({ peer }) => byPid.get(peer.pid) === peer));
    const unrestored: Refusal[] = [];
    /** Those from whom nothing more is to be expected. */
    const done = new Set<number>();
    /** Those that have not said anything in all the time they had: they are told, and not waited for. */
    const late = new Set<number>();
    const undelivered$ = new Subject<PeerEvent>();
    let ballot: Ballot = openBallot(proposal.commit, byPid.keys());
    let isDecided = false;

    const note = (event: PeerEvent): void => {
      if (isDone(number, event)) done.add(event.peer.pid);
      if (!('message' in event)) return;
      const { message, peer } = event;
      const isUndoing = message.type === 'refused' || message.type === 'undone';
      if (isUndoing && message.round === number) unrestored.push(...fromRefusalData(peer, message.unrestored));
    };
    const heard$ = merge(own$, undelivered$).pipe(tap(note));

    const late$ = timer(prepareTimeoutMs).pipe(
      mergeMap(() => silent(ballot)),
      mergeMap((pid): readonly (readonly [number, Vote])[] => {
        const peer = byPid.get(pid);
        if (peer === undefined) return [];
        late.add(pid);
        const refusals = [refusalOf(peer, new PrepareTimeoutError(prepareTimeoutMs))];
        return [[pid, { type: 'refused', refusals }]];
      }),
    );
    const votes$ = heard$.pipe(
      mergeMap((event): readonly (readonly [number, Vote])[] => {
        const vote = voteOf(number, event);
        return vote === undefined ? [] : [[event.peer.pid, vote]];
      }),
    );
    const tell = (to: readonly Peer[], message: ToAgent): Observable<never> =>
      merge(
        ...to.map((peer) =>
          send(peer, message).pipe(
            tap((isDelivered) => {
              if (!isDelivered) undelivered$.next({ peer, gone: new UndeliveredError() });
            }),
          ),
        ),
      ).pipe(ignoreElements());

    const counted$ = merge(votes$, late$).pipe(
      scan((before, [pid, vote]) => {
        ballot = cast(before, pid, vote);
        return ballot;
      }, ballot),
      map(count),
      startWith(count(ballot)),
      first(({ result }) => result !== 'open'),
    );
    const { config, commit, renew } = proposal;
    const prepare: ToAgent = {
      type: 'prepare',
      round: number,
      commit,
      config,
      ...(renew === undefined ? {} : { renew }),
    };
    const asked$ = merge(counted$, tell(peers, prepare)).pipe(first());

    /**
     * Tells all of them, those as well that stand still: it may be long before it reaches them. Waits for the others to
     * have done it.
     */
    const carryOut = (message: ToAgent): Observable<never> =>
      defer(() => {
        const isAwaited = ({ pid }: Peer): boolean => !done.has(pid) && !late.has(pid);
        const awaited = peers.filter(isAwaited);
        const waiting$ = heard$.pipe(
          startWith(undefined),
          takeWhile(() => awaited.some(isAwaited)),
        );
        const others = peers.filter((peer) => !isAwaited(peer));
        tell(others, message).subscribe();
        return merge(waiting$, tell(awaited, message)).pipe(ignoreElements(), takeUntil(timer(prepareTimeoutMs)));
      });

    return asked$.pipe(
      concatMap((counted): Observable<RoundResult> => {
        isDecided = true;
        if (counted.result === 'switch') {
          site.decided();
          return concat(carryOut({ type: 'switch', round: number }), of<RoundResult>({ status: 'switched' }));
        }
        if (counted.result !== 'abort') return of<RoundResult>({ status: 'deserted' });
        const { refusals } = counted;
        return concat(
          carryOut({ type: 'abort', round: number }),
          defer(() =>
            of<RoundResult>({
              status: 'refused',
              refusals: oncePerServer(refusals),
              unrestored: oncePerServer(unrestored),
            }),
          ),
        );
      }),
      finalize(() => {
        if (isDecided) return;
        tell(peers, { type: 'abort', round: number }).subscribe();
      }),
    );
  });
