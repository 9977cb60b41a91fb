import type { Step } from './plan.ts';

/** New servers that are put in force in one turn: some 2 ms. */
export const ROUND = 100;

/** Takes out those that somebody who does not wait depends on, however many are in between. */
const withoutNeeded = (newcomers: readonly Step[], steps: readonly Step[]): readonly Step[] => {
  if (!steps.some(({ spec }) => spec !== undefined && spec.dependsOn.length > 0)) return newcomers;
  const left = new Map(newcomers.map((step) => [step.server, step]));
  const queue = steps.filter(({ server }) => !left.has(server));
  for (let step = queue.pop(); step !== undefined; step = queue.pop()) {
    for (const id of step.spec?.dependsOn ?? []) {
      const needed = left.get(id);
      if (needed !== undefined && left.delete(id)) queue.push(needed);
    }
  }
  return left.size === newcomers.length ? newcomers : newcomers.filter(({ server }) => left.has(server));
};

/**
 * New servers on addresses that were free, when they are too many for one turn: nobody waits for them yet. In the order
 * of the steps. Those that a server which is put in force at once depends on are put in force at once as well.
 *
 * @param isThere - whether a server has a place already.
 */
export const newcomersOf = (steps: readonly Step[], isThere: (server: string) => boolean): readonly Step[] => {
  const fresh = steps.filter(({ action, bind, server }) => action === 'start' && bind && !isThere(server));
  return fresh.length > ROUND ? withoutNeeded(fresh, steps) : [];
};
