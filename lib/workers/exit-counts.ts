import type { WorkerExit } from './exit.ts';
import type { ExitCount } from './worker-families.ts';

/** What a process was told to end for, or what ended it. There are only so many. */
export const reasonOf = ({ intent, signal, code }: WorkerExit): string =>
  intent ?? signal ?? `exit_${code ?? 'unknown'}`;

/** How often processes ended, by slot and reason. */
export class ExitCounts {
  readonly #counts = new Map<string, ExitCount>();

  add(slot: number, exit: WorkerExit): void {
    const { crash } = exit;
    const reason = reasonOf(exit);
    const key = `${slot} ${reason} ${crash}`;
    this.#counts.set(key, { slot, reason, crash, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  read(): readonly ExitCount[] {
    return [...this.#counts.values()];
  }
}
