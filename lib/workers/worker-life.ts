import { type Observable, ReplaySubject, Subject, Subscription, timer } from 'rxjs';
import { LONGEST_MS } from '../supervision/limits.ts';
import { type Clock, systemClock } from './clock.ts';
import { createDeadline } from './deadline.ts';
import type { DrainRequest } from './drain.ts';
import { fromErrorData } from './error-data.ts';
import { ProtocolError, ReadyTimeoutError } from './errors.ts';
import { classifyExit, type ExitIntent, type ProcessExit, type WorkerExit } from './exit.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type Assignment, type FromWorker, PROTOCOL } from './protocol.ts';
import { type Complaint, type WatchOptions, watch } from './watch.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * One process from its start to its end: `booting` until it has said hello, `waiting` as a spare without a slot,
 * `starting` from its assignment on, `ready`, `draining` once it leaves, whether it was asked to, was killed or leaves
 * by itself, `exited`.
 */
export type LifePhase = 'booting' | 'waiting' | 'starting' | 'ready' | 'draining' | 'exited';

export interface LifeStatus {
  readonly phase: LifePhase;
  /** `performance.now()` of its `ready`; 0 before. */
  readonly readyAt: number;
  readonly heartbeat?: Heartbeat;
  /** Of `exited`. */
  readonly exit?: WorkerExit;
}

/** A process while it lives, and what can be done to it. */
export interface WorkerLife {
  readonly process: WorkerProcess;
  readonly status: LifeStatus;
  /** Hot; replays the present status; completes after `exited`. */
  readonly status$: Observable<LifeStatus>;
  /** Hot; completes with the end. */
  readonly complaints$: Observable<Complaint>;
  /** Who it is. Once; it is told when it has said hello. */
  assign(assignment: Assignment): void;
  /**
   * Asks it to leave; at the deadline it is killed, at once if that is 0. The first intent counts, the earliest deadline
   * wins.
   */
  drain(request: DrainRequest, intent: ExitIntent): void;
  /**
   * Ends it now: with SIGKILL, as nothing less is sure to. One that is `unresponsive` is sent SIGTERM and has
   * {@link GRACE_MS} to come to itself.
   */
  kill(intent: ExitIntent): void;
}

/**
 * Milliseconds between SIGTERM and SIGKILL for a process that is unresponsive. One whose loop is blocked cannot run its
 * handler and one that was stopped needs SIGKILL anyway, so it is short: with the default limit of 2 500 ms such a
 * process is gone 3 s after it was last heard of.
 */
export const GRACE_MS = 400;

/** What is expected of a process. */
export interface LifeOptions extends WatchOptions {
  /**
   * Milliseconds it has from its start to `ready`, 0 for no limit; one that waits for a slot has them anew from its
   * assignment on.
   */
  readonly readyTimeoutMs: number;
  /** Milliseconds it has when it leaves without being asked; `Infinity` for as long as it likes. */
  readonly shutdownTimeoutMs: number;
  readonly clock?: Clock;
}

/**
 * Follows one process from its start to its end.
 *
 * Nothing is left of it once the process has ended: its timers are cancelled and its streams complete. Only the process
 * itself tells of its end: until it does, one that was killed is `draining`.
 */
export const startLife = (process: WorkerProcess, options: LifeOptions): WorkerLife => {
  const { clock = systemClock, readyTimeoutMs } = options;
  const statuses = new ReplaySubject<LifeStatus>(1);
  const complaints = new Subject<Complaint>();
  /** What ends with the process. */
  const lifetime = new Subscription();
  let boot = Subscription.EMPTY;
  let watching = Subscription.EMPTY;
  let status: LifeStatus = { phase: 'booting', readyAt: 0 };
  let assignment: Assignment | undefined;
  let intent: ExitIntent | undefined;
  let error: Error | undefined;
  /** Somebody's patience ended before it did. */
  let killed = false;
  /** It was ready: nothing is lost with one that was never given work, and nobody needs to know that it was killed. */
  let hadWork = false;
  const deadline = createDeadline(clock, () => {
    killed = hadWork;
    process.kill('SIGKILL');
  });

  const isIn = (...phases: readonly LifePhase[]): boolean => phases.includes(status.phase);
  const change = (next: Partial<LifeStatus>): void => {
    status = { ...status, ...next };
    statuses.next(status);
  };

  const expectReady = (): void => {
    boot.unsubscribe();
    if (readyTimeoutMs === 0 || readyTimeoutMs > LONGEST_MS) return;
    boot = timer(readyTimeoutMs, clock.scheduler).subscribe(() => {
      giveUp(new ReadyTimeoutError(process.pid, readyTimeoutMs));
    });
  };

  const greet = (who: Assignment): void => {
    process.send({ type: 'assign', assignment: who });
    change({ phase: 'starting' });
  };

  /** Nobody gives it new work from here on. */
  const leave = (): void => {
    boot.unsubscribe();
    watching.unsubscribe();
    if (!isIn('draining', 'exited')) change({ phase: 'draining' });
  };

  const leaveUnasked = (): void => {
    if (isIn('draining', 'exited')) return;
    leave();
    deadline.set(options.shutdownTimeoutMs);
  };

  const drain = (request: DrainRequest, because: ExitIntent): void => {
    if (isIn('exited')) return;
    const first = intent === undefined;
    intent ??= because;
    leave();
    const sooner = deadline.set(request.deadlineMs);
    // JSON has no Infinity, and its timers are as ours.
    const deadlineMs = Math.min(request.deadlineMs, LONGEST_MS);
    if (first || sooner) process.send({ type: 'drain', request: { ...request, deadlineMs } });
  };

  const kill = (because: ExitIntent): void => {
    if (isIn('exited')) return;
    const cutShort = intent !== undefined;
    intent ??= because;
    leave();
    if (because === 'unresponsive') {
      process.kill('SIGTERM');
      deadline.set(GRACE_MS);
    } else {
      killed ||= cutShort && hadWork;
      deadline.cancel();
      process.kill('SIGKILL');
    }
  };

  const giveUp = (why: Error): void => {
    error ??= why;
    kill('unready');
  };

  const hear = (message: FromWorker): void => {
    switch (message.type) {
      case 'hello':
        if (!isIn('booting')) break;
        if (message.protocol !== PROTOCOL) giveUp(new ProtocolError(process.pid, message, PROTOCOL));
        else if (assignment !== undefined) greet(assignment);
        else {
          boot.unsubscribe();
          change({ phase: 'waiting' });
        }
        break;
      case 'ready':
        if (!isIn('starting')) break;
        hadWork = true;
        boot.unsubscribe();
        watching = watch(process.messages$, options, clock).subscribe((complaint) => complaints.next(complaint));
        change({ phase: 'ready', readyAt: clock.now() });
        break;
      case 'beat':
        change({ heartbeat: message.beat });
        break;
      case 'failing':
        error ??= fromErrorData(message.error);
        leaveUnasked();
        break;
      case 'draining':
        leaveUnasked();
    }
  };

  const end = (exit: ProcessExit, cause?: Error): void => {
    lifetime.unsubscribe();
    deadline.cancel();
    boot.unsubscribe();
    watching.unsubscribe();
    const classified = classifyExit(exit, { intent, killed, at: clock.date(), error: error ?? cause });
    change({ phase: 'exited', exit: classified });
    statuses.complete();
    complaints.complete();
  };

  statuses.next(status);
  expectReady();
  lifetime.add(process.messages$.subscribe(hear));
  lifetime.add(
    process.exit$.subscribe({
      next: (exit) => end(exit),
      error: (cause: Error) => end({ code: null, signal: null }, cause),
    }),
  );

  return {
    process,
    get status() {
      return status;
    },
    status$: statuses.asObservable(),
    complaints$: complaints.asObservable(),
    assign(who) {
      if (assignment !== undefined) return;
      assignment = who;
      if (!isIn('waiting')) return;
      expectReady();
      greet(who);
    },
    drain,
    kill,
  };
};
