import { BehaviorSubject } from 'rxjs';
import type { ControlServer } from '../../admin/control-server.ts';
import type { Runnable } from '../../supervision/runnable.ts';

/**
 * A control server that others can do without: when it cannot be started, that is told and everything else goes on. What
 * serves should not stop serving because somebody sits in the way of its control socket.
 */
export const optional = (server: ControlServer, tell: (error: unknown) => void): Runnable => {
  const state$ = new BehaviorSubject('New');
  let isStarted = false;
  return {
    name: 'control',
    state$,
    async start() {
      try {
        await server.start();
        isStarted = true;
      } catch (error) {
        tell(error);
      }
      state$.next('Running');
    },
    async stop() {
      if (isStarted) await server.stop();
      state$.next('Stopped');
    },
  };
};
