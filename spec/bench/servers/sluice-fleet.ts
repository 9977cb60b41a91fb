import type { Workers } from '../../../lib/workers.ts';

/** What a fleet of this library answers the bench, whatever its workers run. */
export const fleetVerbs = (workers: Workers, spares: number) => {
  /** Milliseconds from the start of each process until it was active. */
  const boots: number[] = [];
  workers.events$.subscribe((event) => {
    if (event.type === 'active') boots.push(event.bootMs);
  });
  return {
    pids: () => {
      const { workers: slots, spares: waiting } = workers.snapshot;
      // Who kills one before there is a spare again measures something else.
      return waiting < spares ? [] : slots.filter(({ state }) => state === 'active').map(({ pid }) => pid);
    },
    restart: async () => {
      const report = await workers.restart();
      if (report.status !== 'done') throw new Error(`${report.status}: ${report.cause?.message}`);
    },
    boots: () => boots,
  };
};
