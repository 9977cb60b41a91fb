import { Subject } from 'rxjs';
import type { Address } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Host } from '../server/host.ts';
import type { Service } from '../server/server.ts';
import type { ServerStatus } from '../server/state.ts';
import type { Standing } from './plan.ts';

/** A server in its place: what it is asked to be, where it stands, and how it is. */
export class Member implements Standing {
  readonly host: Host;
  spec: ServerSpec;
  service: Service;
  status: ServerStatus;
  /** When it entered the state it is in, milliseconds since the epoch. */
  since: number;
  /** Asks it to finish and leave, with the milliseconds it may take. */
  readonly drain$ = new Subject<number>();
  /** Its address is waited for: it gives it back before its clients have calmed down. */
  readonly hurry$ = new Subject<void>();
  /** It is over in this turn; its place is somebody else's, or nobody's. */
  readonly gone$ = new Subject<void>();

  constructor(spec: ServerSpec, host: Host, service: Service, restarts: number) {
    this.spec = spec;
    this.host = host;
    this.service = service;
    this.status = { state: 'starting', restarts };
    this.since = Date.now();
  }

  /** Where it listens, with the real port. */
  get address(): Address {
    return this.host.address;
  }

  /** It answers. */
  get up(): boolean {
    return this.status.state === 'running';
  }
}
