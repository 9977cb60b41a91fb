// What is started once and outlives every release. The script of its workers and their port are its arguments.

// #region main
import { supervise } from 'sluice';
import { createWorkers } from 'sluice/workers';

const [script = '', port] = process.argv.slice(2);
const workers = createWorkers({ script, port: Number(port), count: 2 });

workers.state$.subscribe((state) => console.log(`workers: ${state}`));
workers.events$.subscribe((event) => {
  if (event.type === 'restart-ended') console.log(`restart ${event.report.status}`);
});

// SIGUSR2 replaces all workers, SIGTERM stops them.
await supervise([workers], { signals: true });
// #endregion
