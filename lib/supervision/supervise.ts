import { filter, firstValueFrom } from 'rxjs';
import type { Runnable } from './runnable.ts';
import { createSupervisor, type SupervisorOptions } from './supervisor.ts';

/**
 * Starts runnables in order and looks after them until all of them have ended or something stops them.
 *
 * Each is started when the one before is `Running`. They are stopped in reverse order when `signal` aborts, when the
 * process is told to (with `signals: true`), or when one of them fails.
 *
 * @returns a promise that resolves after a stop that was asked for, and when all have ended by themselves.
 * @throws StartTimeoutError when one was not `Running` within `startTimeoutMs`; RunnableError when one failed to start
 *   or failed later. Either after the others have been stopped.
 * @throws OptionsError when a timeout is out of range; NotRunnableError when there is one that cannot be started, stopped
 *   or listened to. Either before anything is started.
 */
export const supervise = async (runnables: readonly Runnable[], options?: SupervisorOptions): Promise<void> => {
  const supervisor = createSupervisor(runnables, options);
  await supervisor.start();
  await firstValueFrom(supervisor.state$.pipe(filter((state) => state === 'Stopped' || state === 'Error')));
  if (supervisor.error !== undefined) throw supervisor.error;
};
