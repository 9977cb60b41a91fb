import { Observable, type Subscription } from 'rxjs';
import { formatAddress } from '../config/address.ts';
import type { Host } from '../server/host.ts';
import { BindTimeoutError } from './errors.ts';
import { type Refusal, toRefusal } from './outcome.ts';

/** A server and the host it is to stand on. */
export interface Target {
  readonly server: string;
  readonly host: Host;
}

export interface HoldOptions {
  /** Milliseconds within which every address has to be bound. */
  readonly startTimeoutMs: number;
  /** Is given every hold; an address is let go when its last hold is unsubscribed. */
  readonly keep: (hold: Subscription) => void;
  /** A host's address is bound. */
  readonly bound: (host: Host) => void;
}

/**
 * Takes the addresses of some hosts, or takes part in holding them.
 *
 * Emits a refusal for each server whose address cannot be had, and completes when every other one is bound. Never errors.
 * Cold. Unsubscribing stops waiting; what was taken is let go through the holds that were given to `keep`.
 */
export const holdAll = (targets: readonly Target[], options: HoldOptions): Observable<Refusal> =>
  new Observable((subscriber) => {
    let isDone = false;
    const waiting = new Map(targets.map(({ server, host }) => [server, host]));
    const settle = (server: string, refusal?: Refusal): void => {
      // A socket that fails after it was bound is the lifecycle's business: it binds again.
      if (!waiting.delete(server)) return;
      if (refusal !== undefined) subscriber.next(refusal);
      if (waiting.size > 0) return;
      isDone = true;
      subscriber.complete();
    };
    const late = setTimeout(() => {
      for (const [server, { address }] of [...waiting]) {
        settle(server, toRefusal(server, new BindTimeoutError(formatAddress(address), options.startTimeoutMs)));
      }
    }, options.startTimeoutMs);
    subscriber.add(() => clearTimeout(late));
    for (const { server, host } of targets) {
      if (subscriber.closed) return;
      const hold = host.door$.subscribe({
        next: () => {
          options.bound(host);
          settle(server);
        },
        error: (cause: unknown) => settle(server, toRefusal(server, cause)),
      });
      // Given up on while this very address was being asked for: nobody is left to let go of it.
      if (subscriber.closed && !isDone) hold.unsubscribe();
      else options.keep(hold);
    }
    if (targets.length === 0) subscriber.complete();
  });
