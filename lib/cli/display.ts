import type { RunEvent } from './run-event.ts';

/** Where `sluice run` shows what happens. */
export interface Display {
  show(event: RunEvent): void;
  /**
   * Lets go of the terminal; nothing is shown afterwards.
   *
   * @param leave - whether the last state stays on the screen; what never ran has none worth keeping.
   */
  close(leave: boolean): void;
}
