import { defer, filter, map, type Observable, of, Subject } from 'rxjs';
import type { TopicMessage } from './topic.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Messages of all processes under all names. */
export class Topics {
  readonly #messages$ = new Subject<{ readonly topic: string; readonly message: TopicMessage }>();
  readonly #processes = new Map<number, WorkerProcess>();

  /** Hears a process from now on, until its end. */
  add(slot: number, process: WorkerProcess): void {
    const { pid } = process;
    if (pid === 0) return;
    this.#processes.set(pid, process);
    const forget = (): void => {
      if (this.#processes.get(pid) === process) this.#processes.delete(pid);
    };
    process.messages$.subscribe({
      next: (message) => {
        if (message.type !== 'topic') return;
        this.#messages$.next({ topic: message.topic, message: { slot, pid, body: message.body } });
      },
      error: forget,
      complete: forget,
    });
  }

  /** What is said under one name. Hot; completes with `complete`. */
  messages$(name: string): Observable<TopicMessage> {
    return this.#messages$.pipe(
      filter(({ topic }) => topic === name),
      map(({ message }) => message),
    );
  }

  /** Cold; emits once, whether the process has it, and completes. Never errors. */
  send(name: string, pid: number, body: unknown): Observable<boolean> {
    return defer(() => {
      const process = this.#processes.get(pid);
      if (process === undefined) return of(false);
      const delivered$ = new Subject<boolean>();
      let known: boolean | undefined;
      process.send({ type: 'topic', topic: name, body }, undefined, (delivered) => {
        known = delivered;
        delivered$.next(delivered);
        delivered$.complete();
      });
      // It may have been answered within the call.
      return known === undefined ? delivered$ : of(known);
    });
  }

  complete(): void {
    this.#messages$.complete();
  }
}
