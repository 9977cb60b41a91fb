import { saveLastGood } from '../source/last-good.ts';
import type { LoadedEvent } from '../source/source.ts';
import { errorComplaint } from './complaint.ts';
import type { RunEvent } from './run-event.ts';

/**
 * Keeps each configuration of a file that is in force on disk; one after the other, and of those that wait the newest.
 *
 * What cannot be kept, because it is code or the disk is full, is told once for as long as it lasts.
 */
export const keeper = (file: string, path: string, show: (event: RunEvent) => void): ((event: LoadedEvent) => void) => {
  let waiting: LoadedEvent | undefined;
  let isBusy = false;
  let told = '';
  const work = async (): Promise<void> => {
    isBusy = true;
    for (let event = waiting; event !== undefined; event = waiting) {
      waiting = undefined;
      const { servers, commit, strategy, workers } = event;
      const config = { servers, ...(commit && { commit }), ...(strategy && { strategy }), ...(workers && { workers }) };
      try {
        await saveLastGood(path, config);
        told = '';
      } catch (error) {
        const complaint = errorComplaint(error);
        if (complaint.message !== told) show({ type: 'error', ...complaint });
        told = complaint.message;
      }
    }
    isBusy = false;
  };
  return (event) => {
    // What was resumed is kept already.
    if (event.file !== file) return;
    waiting = event;
    if (!isBusy) void work();
  };
};
