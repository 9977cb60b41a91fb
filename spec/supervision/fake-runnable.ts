import { BehaviorSubject, type Observable } from 'rxjs';
import type { Logger } from '../../lib/log/logger.ts';
import type { Runnable } from '../../lib/supervision/runnable.ts';

export interface Behaviour {
  readonly start?: (self: FakeRunnable) => Promise<void> | void;
  readonly stop?: (self: FakeRunnable) => unknown;
  readonly reload?: (self: FakeRunnable) => Promise<void> | void;
  readonly restart?: (self: FakeRunnable) => Promise<void> | void;
}

/** A runnable that writes down what it is asked to do, and is as well-behaved as it is told to be. */
export class FakeRunnable implements Runnable {
  readonly name: string;
  readonly states = new BehaviorSubject('New');
  readonly state$: Observable<string> = this.states;
  error: unknown;
  readonly reload?: () => Promise<void> | void;
  readonly restart?: () => Promise<void> | void;
  readonly #events: string[];
  readonly #behaviour: Behaviour;

  constructor(name: string, events: string[], behaviour: Behaviour = {}) {
    this.name = name;
    this.#events = events;
    this.#behaviour = behaviour;
    const { reload, restart } = behaviour;
    if (reload) {
      this.reload = () => {
        events.push(`reload ${name}`);
        return reload(this);
      };
    }
    if (restart) {
      // With its arguments: some take them, and must be called without any.
      this.restart = (...args: readonly unknown[]) => {
        events.push(['restart', name, ...args].join(' '));
        return restart(this);
      };
    }
  }

  start(): Promise<void> | void {
    this.#events.push(`start ${this.name}`);
    if (this.#behaviour.start) return this.#behaviour.start(this);
    this.states.next('Running');
  }

  stop(options?: { readonly drainTimeoutMs?: number }): unknown {
    this.#events.push(
      options?.drainTimeoutMs === undefined ? `stop ${this.name}` : `stop ${this.name} ${options.drainTimeoutMs}`,
    );
    if (this.#behaviour.stop) return this.#behaviour.stop(this);
    this.states.next('Stopped');
    return undefined;
  }
}

/** Keeps what was logged, one line each. */
export const listLogger = (): { readonly logger: Logger; readonly lines: string[] } => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (message: string): void => {
      lines.push(`${level} ${message}`);
    };
  return { logger: { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') }, lines };
};

export const never = (): Promise<never> => new Promise(() => undefined);
