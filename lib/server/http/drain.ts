import {
  concat,
  concatMap,
  defer,
  distinctUntilChanged,
  interval,
  map,
  type Observable,
  of,
  scan,
  takeWhile,
} from 'rxjs';
import { yieldTurn } from '../../reactive/yield-turn.ts';
import type { Client } from '../client.ts';
import type { DrainProgress } from '../server.ts';

/** How often connections that leave are looked at. */
const LOOK_MS = 25;

/**
 * How long a kept-alive connection has to be silent before it is closed without having been asked to.
 *
 * A request may be on its way while its connection looks idle; closing then loses it. A connection that asks more often
 * than once a second is always told with an answer instead, and one that asks less often is hardly ever hit: the
 * window is the time a request travels.
 */
export const IDLE_GRACE_MS = 1_000;

/** What a drain looks at. */
export interface Leaving {
  readonly clients: Iterable<Client>;
  /** The parsers that are within a request. */
  readonly receiving: ReadonlySet<unknown>;
}

/** Cuts what is left at the deadline, and says what remains. */
const look = ({ clients, receiving }: Leaving, now: number, deadline: number): DrainProgress => {
  let left = 0;
  let cut = 0;
  for (const client of clients) {
    if (client.socket.destroyed) continue;
    if (now < deadline) {
      left += 1;
      continue;
    }
    if (!client.isIdle(receiving)) cut += 1;
    client.socket.destroy();
  }
  return { connections: left, cut };
};

const closeSilent = ({ clients, receiving }: Leaving, now: number): void => {
  for (const client of clients) {
    if (client.silentMs(now) >= IDLE_GRACE_MS && client.isIdle(receiving)) client.end();
  }
};

/**
 * Waits for the connections that were told to leave.
 *
 * @param leaving - those that are concerned, read anew at every look.
 */
export const drainConnections = (
  leaving: () => Leaving,
  timeoutMs: number,
  open: () => boolean,
): Observable<DrainProgress> =>
  defer(() => {
    const deadline = performance.now() + timeoutMs;
    const looks$ = interval(Math.max(1, Math.min(LOOK_MS, timeoutMs))).pipe(
      // A timer runs before sockets are read: what looks silent now may have asked already. After the turn all has been
      // read that has arrived.
      concatMap(() => yieldTurn()),
      map(() => closeSilent(leaving(), performance.now())),
    );
    return concat(of(undefined), looks$).pipe(
      map(() => look(leaving(), performance.now(), deadline)),
      scan((sum, progress) => ({ connections: progress.connections, cut: sum.cut + progress.cut })),
      takeWhile((progress) => progress.connections > 0 || open(), true),
      distinctUntilChanged((a, b) => a.connections === b.connections && a.cut === b.cut),
    );
  });
