import type { ClusterSnapshot, ServerSnapshot } from '../../cluster/snapshot.ts';
import { sameData } from '../../config/plain-data.ts';
import { toErrorData } from '../../workers/error-data.ts';
import type { Report, ServerReport } from '../messages.ts';

/** What a worker has in force. */
export interface InForce {
  readonly epoch: number;
  readonly revision: number;
}

/** A server as data. Pure. */
export const serverReport = (server: ServerSnapshot): ServerReport => {
  const { state, address, url, since, connections, inFlight, restarts, error, health, tls } = server;
  return {
    state,
    address,
    url,
    since,
    connections,
    inFlight,
    restarts,
    ...(error === undefined ? {} : { error: toErrorData(error) }),
    ...(health === undefined ? {} : { health }),
    ...(tls === undefined ? {} : { tls: tlsReport(tls) }),
  };
};

const tlsReport = ({ error, ...tls }: NonNullable<ServerSnapshot['tls']>): NonNullable<ServerReport['tls']> => ({
  ...tls,
  ...(error === undefined ? {} : { error: toErrorData(error) }),
});

/** What is worth a report: times of health pass by themselves, and the stack of an error says nothing new. */
const gist = ({ health, error, ...rest }: ServerReport): unknown => ({
  ...rest,
  ...(health === undefined
    ? {}
    : { health: [health.status, health.rising, health.falling, health.message, health.checks] }),
  ...(error === undefined ? {} : { error: [error.message, error.code] }),
});

/** What can wait, because it goes on changing: connections and requests. */
const urgent = (gisted: unknown): unknown => {
  if (typeof gisted !== 'object' || gisted === null) return gisted;
  return { ...gisted, connections: 0, inFlight: 0 };
};

/** What a worker has said of its servers, and what of them has changed since. */
export class Reporter {
  readonly #said = new Map<string, unknown>();
  #head: unknown;

  /**
   * What is to be reported; `undefined` when nothing has changed.
   *
   * @param soon - leave out servers of which only counters have changed.
   */
  next(snapshot: ClusterSnapshot, inForce: InForce, listening: readonly string[], soon: boolean): Report | undefined {
    const servers: Record<string, ServerReport | null> = {};
    for (const server of Object.values(snapshot.servers)) {
      const report = serverReport(server);
      const said = this.#said.get(server.id);
      const now = gist(report);
      if (soon && said !== undefined ? sameData(urgent(said), urgent(now)) : sameData(said, now)) continue;
      this.#said.set(server.id, now);
      servers[server.id] = report;
    }
    for (const id of [...this.#said.keys()]) {
      if (snapshot.servers[id] !== undefined) continue;
      this.#said.delete(id);
      servers[id] = null;
    }
    const { draining } = snapshot;
    const head = {
      ...inForce,
      listening,
      draining: soon ? draining.map((one) => ({ ...one, connections: 0 })) : draining,
    };
    const isNew = !sameData(head, this.#head);
    if (!isNew && Object.keys(servers).length === 0) return undefined;
    this.#head = head;
    return { ...inForce, servers, draining, listening };
  }
}
