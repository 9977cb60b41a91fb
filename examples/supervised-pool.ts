// A pool that serves until somebody presses ctrl-C, and has answered everybody when it ends.
// #region main
import { supervise } from 'sluice';
import { createPool } from 'sluice/pool';

const pool = createPool(
  { handler: () => new Response('hello') },
  { name: 'api', listen: '127.0.0.1:0' },
  { name: 'admin', listen: '127.0.0.1:0' },
);
pool.state$.subscribe((state) => console.log('the pool is', state));
// #endregion

// Somebody who asks, and presses ctrl-C before the answer is there.
await pool.handler(async () => {
  process.kill(process.pid, 'SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 50));
  return new Response('hello, and good bye');
});
let last: Promise<string> | undefined;
pool.state$.subscribe((state) => {
  if (state !== 'Running') return;
  const [api] = pool.values();
  last = fetch(api?.url ?? '').then((answer) => answer.text());
});

// #region run
await supervise([pool], { signals: true }); // until SIGINT or SIGTERM
console.log('everybody has been answered');
// #endregion
console.log('the last answer:', await last);

// prints:
// the pool is New
// the pool is Booting
// the pool is Running
// the pool is Stopping
// the pool is Stopped
// everybody has been answered
// the last answer: hello, and good bye
