import { AsyncSubject, Subject, VirtualTimeScheduler } from 'rxjs';
import type { Clock } from '../../lib/workers/clock.ts';
import type { ProcessExit } from '../../lib/workers/exit.ts';
import type { Heartbeat } from '../../lib/workers/heartbeat.ts';
import { type FromWorker, PROTOCOL, type ToWorker } from '../../lib/workers/protocol.ts';
import type { Launch, Processes, WorkerProcess } from '../../lib/workers/worker-process.ts';

/** A process that does what a test says, and tells what was done to it. */
export interface FakeProcess extends WorkerProcess {
  readonly launch: Launch | undefined;
  /** What it was sent, in order. */
  readonly received: readonly ToWorker[];
  /** Signals it was sent, in order. */
  readonly signals: readonly NodeJS.Signals[];
  readonly ended: boolean;
  /** Whether anybody still listens to what it says. */
  readonly observed: boolean;
  says(message: FromWorker): void;
  hello(): void;
  ready(): void;
  beat(beat?: Partial<Heartbeat>): void;
  exits(code: number): void;
  dies(signal: NodeJS.Signals): void;
  /** As one that could not be started. */
  fails(error: Error): void;
}

export interface FakeProcessOptions {
  readonly pid?: number;
  readonly launch?: Launch;
  /** Signals that end it; SIGKILL alone by default, as with a process that has handlers for the others. */
  readonly mortal?: readonly NodeJS.Signals[];
  /** Called with what it is sent, after that was noted. */
  readonly onMessage?: (message: ToWorker, process: FakeProcess) => void;
}

export const heartbeat: Heartbeat = {
  sequence: 1,
  rssBytes: 50_000_000,
  heapUsedBytes: 10_000_000,
  utilization: 0,
  delayMs: { mean: 0, max: 0 },
  connections: 0,
  inFlight: 0,
  requests: 0,
  counters: {},
  gauges: {},
};

/** A process without one. What it says reaches its listeners at once; after its end nothing does. */
export const fakeProcess = (options: FakeProcessOptions = {}): FakeProcess => {
  const { pid = 1000, launch, mortal = ['SIGKILL'], onMessage } = options;
  const messages = new Subject<FromWorker>();
  const exit = new AsyncSubject<ProcessExit>();
  const received: ToWorker[] = [];
  const signals: NodeJS.Signals[] = [];
  let ended = false;
  let beats = 0;
  const end = (how: ProcessExit): void => {
    if (ended) return;
    ended = true;
    messages.complete();
    exit.next(how);
    exit.complete();
  };
  const process: FakeProcess = {
    pid,
    launch,
    received,
    signals,
    messages$: messages.asObservable(),
    exit$: exit.asObservable(),
    get ended() {
      return ended;
    },
    get observed() {
      return messages.observed || exit.observed;
    },
    send(message, _handle, sent) {
      if (!ended) received.push(message);
      sent?.(!ended);
      if (!ended) onMessage?.(message, process);
    },
    kill(signal) {
      if (ended) return;
      signals.push(signal);
      if (mortal.includes(signal)) end({ code: null, signal });
    },
    says: (message) => messages.next(message),
    hello: () => messages.next({ type: 'hello', protocol: PROTOCOL, version: '0.0.0' }),
    ready: () => messages.next({ type: 'ready' }),
    beat(beat = {}) {
      beats += 1;
      messages.next({ type: 'beat', beat: { ...heartbeat, sequence: beats, ...beat } });
    },
    exits: (code) => end({ code, signal: null }),
    dies: (signal) => end({ code: null, signal }),
    fails(error) {
      ended = true;
      messages.complete();
      exit.error(error);
    },
  };
  return process;
};

/**
 * Starts fakes and remembers them in order; pids count from 1000. With `script` each is told right after it was made
 * what to do, for example to say hello and be ready on a timer of the same virtual time.
 */
export const fakeProcesses = (
  script?: (process: FakeProcess, index: number) => void,
  options: Omit<FakeProcessOptions, 'pid' | 'launch'> = {},
): Processes & { readonly started: readonly FakeProcess[] } => {
  const started: FakeProcess[] = [];
  const processes: Processes = (launch) => {
    const process = fakeProcess({ ...options, pid: 1000 + started.length, launch });
    started.push(process);
    script?.(process, started.length - 1);
    return process;
  };
  return Object.assign(processes, { started });
};

/** Time that stands still until it is moved, and then calls what is due in order. */
export interface VirtualTime extends Clock {
  /** Lets so many milliseconds go by. */
  pass(ms: number): void;
  /** Lets so many milliseconds go by in which this process is blocked: what was due comes late, at the end of them. */
  block(ms: number): void;
  /** Timers that wait. */
  readonly waiting: number;
}

/** Virtual time that begins at 0; its date begins at 1 000 000. */
export const virtualTime = (): VirtualTime => {
  const scheduler = new VirtualTimeScheduler();
  const runUntil = (at: number): void => {
    scheduler.maxFrames = at;
    scheduler.flush();
    scheduler.frame = at;
  };
  return {
    scheduler,
    now: () => scheduler.frame,
    date: () => 1_000_000 + scheduler.frame,
    pass: (ms) => runUntil(scheduler.frame + ms),
    block(ms) {
      const until = scheduler.frame + ms;
      for (const action of scheduler.actions) action.delay = Math.max(action.delay, until);
      runUntil(until);
    },
    get waiting() {
      return scheduler.actions.length;
    },
  };
};
