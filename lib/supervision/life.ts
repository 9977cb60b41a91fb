import type { Decided } from './decision.ts';
import { inWords, type RunnableError, type StartTimeoutError } from './errors.ts';

/** The states of a supervisor; `Stopped` and `Error` end one life, from both it can be started again. */
export type SupervisorState = 'New' | 'Booting' | 'Running' | 'Reloading' | 'Stopping' | 'Stopped' | 'Error';

/** How far one runnable has come in this life. */
export type Standing =
  | 'waiting' // its turn has not come
  | 'calling' // inside the call of its start()
  | 'starting' // called, not Running yet
  | 'up'
  | 'ended' // of its own accord
  | 'failed'
  | 'stopping'
  | 'stopped'
  | 'abandoned'; // its stop() took too long

/** One runnable in one life. */
export interface Member {
  readonly name: string;
  readonly standing: Standing;
  readonly canReload: boolean;
  readonly canRestart: boolean;
  /** The last state it reported; before it was started, that of an earlier life. */
  readonly state: string | undefined;
  /** What it failed with, when `state` is `Error`. */
  readonly cause: unknown;
  /** Whether `state` was reported since `start()` was called. */
  readonly fresh: boolean;
  /** Whether `state$` completed or errored before `start()` was called, or completed since. */
  readonly silent: 'before' | 'broken' | 'since' | undefined;
}

/** What is asked of one runnable after the other while they run. */
export type Round = 'reload' | 'restart';

/** The one call that is being waited for; a new object for each. */
export interface Step {
  readonly type: 'start' | 'stop' | Round;
  readonly index: number;
}

/** One life of a supervisor, from the first start to the last stop. */
export interface Life {
  readonly state: SupervisorState;
  readonly members: readonly Member[];
  /** The last state of each by name; the same object until one of them changes. */
  readonly states: Readonly<Record<string, string>>;
  readonly step: Step | undefined;
  /** The first signal to stop, and when it arrived, in milliseconds of a clock that never goes back. */
  readonly signalled: { readonly signal: StopSignal; readonly atMs: number } | undefined;
  /** Whose request the round under way is. */
  readonly request: symbol | undefined;
  readonly stopOptions: StopOptions | undefined;
  /** The first failure: why everything stops. */
  readonly error: RunnableError | StartTimeoutError | undefined;
  readonly abandoned: readonly string[];
  readonly failedToStop: readonly string[];
}

/** Signals that stop; a second one ends the process at once. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT';

/** How to stop. */
export interface StopOptions {
  /** Milliseconds; handed to every runnable's `stop()`. */
  readonly drainTimeoutMs?: number;
}

/** Something that happened to one life; `index` is that of the runnable it happened to. */
export type LifeEvent =
  | { readonly type: 'begin' | 'observed' }
  | { readonly type: 'state'; readonly index: number; readonly state: string; readonly cause?: unknown }
  | { readonly type: 'silence' | 'called'; readonly index: number }
  | { readonly type: 'broken'; readonly index: number; readonly cause: unknown }
  | { readonly type: 'settled'; readonly step: Step }
  | { readonly type: 'rejected'; readonly step: Step; readonly cause: unknown }
  | { readonly type: 'overdue'; readonly step: Step; readonly afterMs: number }
  | { readonly type: 'shutdownOverdue'; readonly afterMs: number }
  | { readonly type: 'stop'; readonly options?: StopOptions | undefined }
  | { readonly type: Round; readonly request: symbol }
  | {
      readonly type: 'signal';
      readonly signal: StopSignal | 'SIGHUP' | 'SIGUSR2';
      readonly atMs: number;
      /** Said even where nothing but warnings is. */
      readonly aloud?: boolean;
    };

/** Something to do. */
export type Effect =
  | { readonly type: 'observeAll' }
  | { readonly type: 'observe'; readonly index: number }
  | { readonly type: 'call'; readonly step: Step; readonly options?: StopOptions | undefined }
  | { readonly type: 'exit'; readonly code: number }
  | LogEffect;

/** A line for the operator. */
export interface LogEffect {
  readonly type: 'log';
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly details?: unknown;
}

/** The life that follows, and what to do in which order. */
export type Decision = Decided<Life, Effect>;

/** What is known before anything has been started. */
export const newLife = (members: readonly Pick<Member, 'name' | 'canReload' | 'canRestart'>[]): Life => ({
  state: 'New',
  members: members.map((member) => ({
    ...member,
    standing: 'waiting',
    state: undefined,
    cause: undefined,
    fresh: false,
    silent: undefined,
  })),
  states: {},
  step: undefined,
  signalled: undefined,
  request: undefined,
  stopOptions: undefined,
  error: undefined,
  abandoned: [],
  failedToStop: [],
});

/** Whether nothing can happen to it any more. */
export const isOver = (life: Life): boolean => life.state === 'Stopped' || life.state === 'Error';

/** Says something to the operator. */
export const log = (level: 'error' | 'warn' | 'info' | 'debug', message: string, details?: unknown): LogEffect => ({
  type: 'log',
  level,
  message,
  ...(details === undefined ? {} : { details: inWords(details) }),
});

/** The same life with one member changed. */
export const withMember = (life: Life, index: number, change: Partial<Member>): Life => ({
  ...life,
  members: life.members.map((member, at) => (at === index ? { ...member, ...change } : member)),
});

/** Takes the next step: the runnable is about to be called. */
export const take = (life: Life, step: Step, options?: StopOptions): Decision => ({
  life: { ...life, step },
  effects: [{ type: 'call', step, options }],
});
