// A primary that is a program of its own: what is started by hand, by systemd or as process 1 of a container.

// #region main
import { supervise } from 'sluice';
import { createWorkers } from 'sluice/workers';

const workers = createWorkers({
  script: new URL('./worker.ts', import.meta.url),
  port: Number(process.env.PORT ?? 8080),
  count: 2,
});

// Resolves when a signal has stopped the workers; rejects, which ends the process with 1, when none can be kept running.
await supervise([workers], { signals: true });
process.exitCode = workers.exitCode;
// #endregion
