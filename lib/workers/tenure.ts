import type { ExitIntent, WorkerExit } from './exit.ts';
import type { Farewell } from './farewell.ts';
import type { StartReason } from './news.ts';
import type { Complaint } from './watch.ts';
import type { LifePhase, WorkerLife } from './worker-life.ts';

/** A process while it belongs to a slot. */
export interface Tenure {
  readonly life: WorkerLife;
  readonly pid: number;
  readonly why: StartReason;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** On the clock of lives. */
  readonly spawnedAt: number;
  /** It was told to leave. */
  asked: boolean;
  /** It was silent for too long, and has not been heard of since. */
  silent: boolean;
}

/** Asks a process to leave; again with less time hastens it. Says whether it was asked for the first time. */
export const letGo = (tenure: Tenure, { request, intent }: Farewell): boolean => {
  const isFirst = !tenure.asked;
  tenure.asked = true;
  // Who does not even beat does not hear that it is to leave.
  if (tenure.silent) tenure.life.kill('unresponsive');
  else tenure.life.drain(request, intent);
  return isFirst;
};

/** Ends a process that serves nobody. */
export const cutShort = (tenure: Tenure, intent: ExitIntent): void => {
  tenure.asked = true;
  tenure.life.kill(intent);
};

export const isReady = ({ life }: Tenure): boolean => life.status.phase === 'ready';

/** Milliseconds it has been ready by now, or had been when it ended; `undefined` when it never was. */
export const activeMs = ({ life }: Tenure, now: number): number | undefined => {
  const { readyAt } = life.status;
  return readyAt === 0 ? undefined : Math.max(0, now - readyAt);
};

/** What a process of a slot tells the slot. */
export interface TenureEvents {
  readonly ready: () => void;
  /** It leaves without having been asked to. */
  readonly leaving: () => void;
  readonly complains: (complaint: Complaint) => void;
  /** It said something of itself. */
  readonly beats: () => void;
  readonly ended: (exit: WorkerExit) => void;
}

/** Tells what becomes of a process until its end; one that has ended already tells that at once. */
export const follow = (tenure: Tenure, events: TenureEvents): void => {
  let phase: LifePhase | undefined;
  tenure.life.complaints$.subscribe((complaint) => {
    if (complaint.type === 'unresponsive') tenure.silent = true;
    if (complaint.type === 'responsive') tenure.silent = false;
    events.complains(complaint);
  });
  tenure.life.status$.subscribe((status) => {
    const before = phase;
    phase = status.phase;
    if (phase === before) events.beats();
    else if (phase === 'ready') events.ready();
    // One that is killed because it did not become ready leaves as well, and there is nothing to tell of that.
    else if (phase === 'draining' && before === 'ready' && !tenure.asked) events.leaving();
    else if (phase === 'exited' && status.exit !== undefined) events.ended(status.exit);
  });
};
