import type { DrainRequest } from './drain.ts';
import type { ExitIntent } from './exit.ts';

/** How a process is let go of. */
export interface Farewell {
  readonly request: DrainRequest;
  readonly intent: ExitIntent;
}

/**
 * How a process leaves for that reason. Only when everything stops is nobody left who accepts at its addresses; otherwise
 * others are ready by then.
 */
export const farewellFor = (reason: DrainRequest['reason'] & ExitIntent, deadlineMs: number): Farewell => ({
  request: { reason, deadlineMs, handOver: reason !== 'stop' },
  intent: reason,
});
