import { expect, test } from 'vitest';
import { clients, freePort, runningWorkers, saidOf, script } from './supervised.ts';

test('workers become more and fewer, and nobody is refused or cut', { timeout: 40_000 }, async () => {
  const port = await freePort();
  const program = await runningWorkers({ script: script('http-worker.mjs'), port, count: 1 });
  const load = clients(port, 8);
  const counts = [3, 1, 2];
  for (const [nth, count] of counts.entries()) {
    program.tell({ command: 'scale', count });
    await program.hearAll('did', nth + 1);
  }
  const { answered, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(0);
  expect(saidOf(program, 'did').map(({ snapshot }) => snapshot)).toEqual(
    counts.map((count) => expect.objectContaining({ count, active: count })),
  );
});
