import type { WorkerIdentity } from './errors.ts';
import type { DrainingReport, Report, ServerReport } from './messages.ts';

/**
 * Where a process stands.
 *
 * - `joining`: it catches up with what is in force.
 * - `member`: it takes part in commits.
 * - `silent`: nothing is heard of it any more; it will be replaced, unless it is heard of again: then it joins anew.
 * - `leaving`: it serves what it has accepted, and takes part in nothing.
 */
export type PeerPhase = 'joining' | 'member' | 'silent' | 'leaving';

/** A process with an agent in it, as the primary knows it. */
export class Peer implements WorkerIdentity {
  readonly slot: number;
  readonly pid: number;
  phase: PeerPhase = 'joining';
  /** What it was sent last to catch up with; −1 for nothing. */
  sent = -1;
  /** What it runs; −1 for nothing. */
  epoch = -1;
  /** The push that what it runs came from. */
  revision = 0;
  readonly servers = new Map<string, ServerReport>();
  draining: readonly DrainingReport[] = [];
  /** Addresses at which it accepts. */
  listening: readonly string[] = [];

  constructor({ slot, pid }: WorkerIdentity) {
    this.slot = slot;
    this.pid = pid;
  }

  /** It has to catch up before it takes part in anything. */
  rejoin(): void {
    this.phase = 'joining';
    this.sent = -1;
    this.epoch = -1;
  }

  hear({ epoch, revision, servers, draining, listening }: Report): void {
    this.epoch = epoch;
    this.revision = revision;
    for (const [id, server] of Object.entries(servers)) {
      if (server === null) this.servers.delete(id);
      else this.servers.set(id, server);
    }
    this.draining = draining;
    this.listening = listening;
  }
}
