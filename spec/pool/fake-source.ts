import { BehaviorSubject, type Observable, Subject } from 'rxjs';
import { formatAddress, parseAddress } from '../../lib/config/address.ts';
import type { PoolChange, PoolServer, PoolServerConfig } from '../../lib/pool/pool-server.ts';
import type { PoolSource } from '../../lib/pool/reader.ts';
import type { PoolReport, ServerReport } from '../../lib/pool/report.ts';

/** What a fake server says of itself; can be written, as that of a real one changes. */
export interface FakeServer extends PoolServer {
  name: string;
  bind: string;
  expose: string;
  url: string;
  config: PoolServerConfig;
  state: PoolServer['state'];
  health: PoolServer['health'];
  uptimeMs: number;
}

const refuse = (): Promise<never> => Promise.reject(new Error('a fake server does nothing'));

/** A server that only says things, as many or as few as a test needs. */
export const fakeServer = (name: string, bind: string, expose = bind, state: PoolServer['state'] = 'stopped') => {
  const server: FakeServer = {
    id: name,
    name,
    bind,
    expose,
    url: `http://${expose}`,
    disabled: false,
    isTls: false,
    config: { listen: bind, name },
    state,
    snapshot: undefined,
    health: undefined,
    error: undefined,
    detached: false,
    monitorName: `HTTP Server ${bind}`,
    uptimeMs: 0,
    isRunning: () => server.state === 'running',
    uptime: () => server.uptimeMs,
    start: refuse,
    stop: refuse,
    restart: refuse,
    update: refuse,
    healthCheck: refuse,
  };
  return server;
};

/** A source of servers that a test moves by hand, and that says who subscribed and what was asked of it. */
export class FakeSource implements PoolSource {
  readonly servers = new Map<string, PoolServer>();
  readonly orders: (readonly [order: string, ...names: string[]])[] = [];
  readonly failures: unknown[] = [];
  readonly #servers$: BehaviorSubject<readonly PoolServer[]>;
  readonly #changes$ = new Subject<PoolChange>();

  constructor(...servers: readonly PoolServer[]) {
    for (const server of servers) this.servers.set(server.bind, server);
    this.#servers$ = new BehaviorSubject<readonly PoolServer[]>([...this.servers.values()]);
  }

  get servers$(): Observable<readonly PoolServer[]> {
    return this.#servers$;
  }

  get changes$(): Observable<PoolChange> {
    return this.#changes$;
  }

  /** Somebody is subscribed to one of the streams. */
  get isWatched(): boolean {
    return this.#servers$.observed || this.#changes$.observed;
  }

  report(error: unknown): void {
    this.failures.push(error);
  }

  keyOf(bind: string): string | undefined {
    const read = parseAddress(bind);
    return read.ok ? formatAddress(read.address) : undefined;
  }

  start(servers: readonly PoolServer[]): Promise<PoolReport> {
    return this.#report('start', 'started', servers);
  }

  stop(servers: readonly PoolServer[]): Promise<PoolReport> {
    return this.#report('stop', 'stopped', servers);
  }

  restart(servers: readonly PoolServer[]): Promise<PoolReport> {
    return this.#report('restart', 'restarted', servers);
  }

  add(server: PoolServer): void {
    this.servers.set(server.bind, server);
    this.tell({ type: 'added', bind: server.bind, server });
  }

  remove(server: PoolServer): void {
    this.servers.delete(server.bind);
    this.tell({ type: 'removed', bind: server.bind, server });
  }

  /** Gives a server another name, as an update of its config does. */
  rename(server: FakeServer, name: string): void {
    const former = server.config;
    server.name = name;
    server.config = { ...former, name };
    this.tell({ type: 'replaced', bind: server.bind, server, former });
  }

  rekey(server: FakeServer, bind: string): void {
    const former = server.bind;
    this.servers.delete(former);
    server.bind = bind;
    this.servers.set(bind, server);
    this.tell({ type: 'rekeyed', bind, former, server });
  }

  /** Says that something happened, and shows the servers as they are. */
  tell(change: PoolChange): void {
    this.#changes$.next(change);
    this.look();
  }

  /** Shows the servers as they are. */
  look(): void {
    this.#servers$.next([...this.servers.values()]);
  }

  complete(): void {
    this.#changes$.complete();
    this.#servers$.complete();
  }

  #report(order: string, status: ServerReport['status'], servers: readonly PoolServer[]): Promise<PoolReport> {
    this.orders.push([order, ...servers.map(({ name }) => name)]);
    const reports = servers.map(({ name, bind }) => ({ server: name, bind, status }));
    return Promise.resolve({ servers: reports, durationMs: 0, cut: 0 });
  }
}

/** The four servers of the study's cases 22 to 31. */
export const fixture = (): readonly FakeServer[] => [
  fakeServer('api-server', '127.0.0.1:8080', 'localhost:8080'),
  fakeServer('web-server', '127.0.0.1:8081', 'localhost:8081'),
  fakeServer('admin-server', '192.168.1.1:8080', 'admin.example.com:8080'),
  fakeServer('api-v2-server', '127.0.0.1:9000', 'api.example.com:9000'),
];
