import { type Child, startChild } from '../harness/child.ts';
import { cpuMs, familyOf } from '../harness/machine.ts';
import { bodyAt } from './peer.ts';

/** Several processes that answer on one port, each with its pid: this library's, and what they are compared with. */
export interface Fleet {
  readonly port: number;
  /** Who serves, as far as the fleet itself knows. */
  pids(): Promise<readonly number[]>;
  /** Replaces every process; settles when the fleet says that it has. */
  restart(): Promise<void>;
  /** Milliseconds of CPU that all of them, and who runs them, have used. */
  cpuMs(): number;
  /** Settles when nothing is left of it. */
  stop(): Promise<void>;
}

/** @param port - a free one. */
export type StartFleet = (port: number, workers: number) => Promise<Fleet>;

/** Milliseconds the workers of others have to leave: what is kept open by clients ends then. */
export const KILL_AFTER_MS = 1000;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const PATIENCE_MS = 20_000;

/** Settles when as many processes as there should be answer; rejects when they do not get there. */
export const allServing = async (fleet: Pick<Fleet, 'port' | 'pids'>, workers: number): Promise<void> => {
  const since = performance.now();
  for (;;) {
    const pids = await fleet.pids();
    if (pids.length >= workers && (await bodyAt(fleet.port)) !== undefined) return;
    if (performance.now() - since > PATIENCE_MS) throw new Error(`${pids.length} of ${workers} processes serve`);
    await later(5);
  }
};

/** A fleet that a child of the bench runs, which understands `pids`, `restart` and `stop`. */
export const startFleet = async (
  server: string,
  setting: unknown,
  port: number,
  workers: number,
): Promise<Fleet & { readonly primary: Child }> => {
  // Some tell a story of every process that comes or goes.
  const primary = await startChild(server, setting, { silent: true });
  const fleet = {
    primary,
    port,
    pids: async () => (await primary.ask('pids')) as readonly number[],
    restart: async () => {
      await primary.ask('restart');
    },
    cpuMs: () => familyOf(primary.pid).reduce((total, pid) => total + cpuMs(pid), 0),
    stop: async () => {
      // One that has ended already has nothing left to stop.
      await primary.ask('stop').catch(() => undefined);
      await primary.end();
    },
  };
  try {
    await allServing(fleet, workers);
  } catch (cause) {
    await primary.end();
    throw cause;
  }
  return fleet;
};
