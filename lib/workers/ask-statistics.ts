import { StatisticsTimeoutError } from './errors.ts';
import type { RuntimeLink } from './runtime.ts';
import type { CollectedStats } from './statistics.ts';
import { readStatistics } from './statistics-data.ts';

/** Milliseconds that the primary has beyond what it gives the workers: its answer has a way to go. */
const WAY_MS = 500;

/** Asks the primary for the statistics of all workers. Rejects with a `StatisticsTimeoutError` when it does not answer. */
export const askStatistics = (link: RuntimeLink, timeoutMs: number): Promise<CollectedStats> =>
  new Promise((resolve, reject) => {
    const id = link.nextId();
    const settle = (): void => {
      clearTimeout(timer);
      leave();
    };
    const fail = (): void => {
      settle();
      reject(new StatisticsTimeoutError(timeoutMs));
    };
    const timer = setTimeout(fail, timeoutMs + WAY_MS);
    const leave = link.onMessage((message) => {
      if (message.type !== 'collected' || message.id !== id) return false;
      const statistics = readStatistics(message.statistics);
      if (statistics === undefined) return false;
      settle();
      resolve(statistics);
      return false;
    });
    link.send({ type: 'statistics', id, timeoutMs }, undefined, (delivered) => {
      if (!delivered) fail();
    });
  });
