import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Answer, createResponseReader } from './response-reader.ts';
import { type AccountingReport, createTally, type Fate } from './tally.ts';

/**
 * An HTTP client that proves or disproves "no request was lost".
 *
 * It writes requests to raw sockets and closes an account for every one of them: pooling clients and load generators
 * repeat or forget the requests that fell into a reload. One request at a time per connection, never retried.
 *
 * 1. `start()` opens connections; a kept one carries requests until the peer says `Connection: close` or ends it.
 * 2. A request counts as written when its bytes were handed to a connected socket, even if the peer's end was already
 *    on its way: that race is what a server that closes idle connections loses.
 * 3. `stop()` writes nothing more, waits until every account is closed, and reports.
 */
export interface AccountingOptions {
  /**
   * Asked for every new connection: `'127.0.0.1:8080'`, `'[::1]:8080'`, `'unix:/run/x.sock'` or a socket path; `''` as
   * long as there should be none.
   */
  readonly address: () => string;
  /** One connection for many requests, or a new one for each. */
  readonly mode: 'keep-alive' | 'fresh';
  /** Speaks TLS, with a whole handshake for each connection, and believes any certificate. */
  readonly tls?: boolean;
  /** Kept connections, or the most fresh ones at once; 32 by default, 1,000 for fresh ones at a rate. */
  readonly connections?: number;
  /** Requests per second; without it every connection writes its next request as soon as it was answered. */
  readonly rate?: number;
  readonly path?: string;
  /** Whether a whole response is the right one; status 200 by default. */
  readonly check?: (answer: Answer) => boolean;
  /** The version an answer belongs to, to learn when each was first seen. */
  readonly version?: (answer: Answer) => string | undefined;
  /** Milliseconds until a request without a whole response is `hung`; 10,000: no busy machine holds one up that long. */
  readonly limitMs?: number;
  /** Milliseconds to wait after a refused connection; 5. */
  readonly retryMs?: number;
}

export interface AccountingClient {
  start(): void;
  /** What happened since the start or the last `take()`, which begins a new period. */
  take(): AccountingReport;
  /**
   * Settles as soon as every connection there is has been answered: what was asked was asked of who answers now. For
   * when there are no new ones, which is what an empty address is for.
   */
  settled(): Promise<void>;
  /** Settles within `limitMs` and a tenth of it. */
  stop(): Promise<AccountingReport>;
}

interface Connection {
  readonly socket: Socket;
  state: 'connecting' | 'idle' | 'busy';
  /** It has had an answer. */
  known: boolean;
  /** Since when it is connecting, or since when its request is on the wire. */
  since: number;
}

/** Finest step of Node's timers. */
const TICK_MS = 1;

const socketTo = (address: string, tls: boolean): Socket => {
  if (!tls) return plainSocketTo(address);
  // The certificates of a test are nobody's; what is judged is whether requests are answered.
  return connectTls({ socket: plainSocketTo(address), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
};

const plainSocketTo = (address: string): Socket => {
  if (address.startsWith('unix:')) return connect({ path: address.slice('unix:'.length) });
  if (address.startsWith('/')) return connect({ path: address });
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return connect({ host: host === '' ? '127.0.0.1' : host, port: Number(address.slice(colon + 1)), noDelay: true });
};

const isOk = (answer: Answer): boolean => answer.status === 200;

const excerpt = (answer: Answer): string => `${answer.status} ${JSON.stringify(answer.body.slice(0, 80))}`;

export const createAccountingClient = (options: AccountingOptions): AccountingClient => {
  const { address, tls = false, rate, check = isOk, version, limitMs = 10_000, retryMs = 5 } = options;
  const fresh = options.mode === 'fresh';
  const paced = rate !== undefined;
  const limit = options.connections ?? (fresh && paced ? 1000 : 32);
  const request =
    `GET ${options.path ?? '/'} HTTP/1.1\r\nHost: localhost\r\n` +
    `Connection: ${fresh ? 'close' : 'keep-alive'}\r\n\r\n`;
  const tally = createTally();
  const open = new Set<Connection>();
  /** Connections waiting for a request, longest idle first, so that each of them is used and each of them idles. */
  const idle: Connection[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let running = false;
  let outstanding = 0;
  let due = 0;
  let lastTick = 0;
  let quiet: (() => void) | undefined;

  const write = (connection: Connection): void => {
    connection.state = 'busy';
    // A fresh connection is as old as its `connect` call: what its user waits for includes the handshake.
    if (!fresh) connection.since = performance.now();
    outstanding += 1;
    tally.count('written');
    connection.socket.write(request);
  };

  const close = (connection: Connection, fate: Fate, example?: string): void => {
    connection.state = 'idle';
    outstanding -= 1;
    tally.close(fate, performance.now() - connection.since, example);
    if (outstanding === 0) quiet?.();
  };

  const ready = (connection: Connection): void => {
    if (!running) leave(connection);
    else if (fresh || !paced) write(connection);
    else idle.push(connection);
  };

  const leave = (connection: Connection): void => {
    if (!open.delete(connection)) return;
    const position = idle.indexOf(connection);
    if (position >= 0) idle.splice(position, 1);
    connection.socket.destroy();
    // A fresh client at a rate dials when the clock says so.
    if (running && !(fresh && paced)) dial();
  };

  const later = (run: () => void, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (running) run();
    }, ms);
    timers.add(timer);
  };

  const refuse = (connection: Connection): void => {
    tally.count('refused');
    open.delete(connection);
    connection.socket.destroy();
    if (running && !(fresh && paced)) later(dial, retryMs);
  };

  const dial = (): void => {
    const to = address();
    if (to === '') {
      if (!(fresh && paced)) later(dial, retryMs);
      return;
    }
    const reader = createResponseReader();
    const socket = socketTo(to, tls);
    const connection: Connection = { socket, state: 'connecting', known: false, since: performance.now() };
    open.add(connection);

    const settle = (): void => {
      const answer = reader.answer();
      connection.known = true;
      if (version !== undefined) {
        const name = version(answer);
        if (name !== undefined) tally.seen(name);
      }
      if (check(answer)) close(connection, 'answered');
      else close(connection, 'bad', excerpt(answer));
      if (fresh || !answer.keepAlive) {
        if (!fresh) tally.count('asked');
        leave(connection);
        return;
      }
      reader.next();
      ready(connection);
    };

    const lose = (reason: string): void => {
      if (!open.has(connection)) return;
      if (connection.state === 'connecting') {
        refuse(connection);
        return;
      }
      if (connection.state === 'idle') {
        if (!fresh) tally.count('closedIdle');
      } else if (reader.end() === 'whole') {
        settle();
        return;
      } else close(connection, reader.started() ? 'torn' : 'lost', reason);
      leave(connection);
    };

    socket.once(tls ? 'secureConnect' : 'connect', () => {
      connection.state = 'idle';
      tally.count('connected');
      ready(connection);
    });
    socket.on('data', (chunk) => {
      if (connection.state !== 'busy') {
        // An answer nobody asked for, such as a 408 before an idle connection is closed, ends the connection.
        tally.count('closedIdle');
        leave(connection);
        return;
      }
      const reading = reader.push(chunk);
      if (reading === 'whole') settle();
      else if (reading === 'malformed') {
        close(connection, 'bad', `malformed: ${JSON.stringify(chunk.toString('latin1', 0, 80))}`);
        leave(connection);
      }
    });
    socket.once('error', (cause) => lose(cause.message));
    socket.once('end', () => lose('ended by the peer'));
    socket.once('close', () => lose('closed by the peer'));
  };

  /** Writes as many requests as the clock says are due; what no connection is free for waits, up to one per connection. */
  const tick = (): void => {
    if (!paced) return;
    const now = performance.now();
    due = Math.min(due + ((now - lastTick) * rate) / 1000, limit);
    lastTick = now;
    while (due >= 1) {
      if (fresh) {
        if (open.size >= limit) return;
        // Nobody catches up with what was not wanted.
        if (address() === '') due = 1;
        else dial();
      } else {
        const connection = idle.shift();
        if (connection === undefined) return;
        write(connection);
      }
      due -= 1;
    }
  };

  const sweep = (): void => {
    const now = performance.now();
    for (const connection of open) {
      if (connection.state === 'idle' || now - connection.since <= limitMs) continue;
      if (connection.state === 'connecting') refuse(connection);
      else {
        close(connection, 'hung', `no whole response within ${limitMs} ms`);
        leave(connection);
      }
    }
  };

  return {
    start: () => {
      if (running) return;
      running = true;
      tally.take();
      lastTick = performance.now();
      due = 0;
      if (paced) timers.add(setInterval(tick, TICK_MS));
      timers.add(setInterval(sweep, limitMs / 10));
      if (!fresh || !paced) for (let n = 0; n < limit; n += 1) dial();
    },
    take: tally.take,
    settled: async () => {
      const isUnknown = (): boolean => [...open].some(({ known }) => !known);
      while (isUnknown()) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    },
    stop: async () => {
      running = false;
      if (outstanding > 0) {
        await new Promise<void>((resolve) => {
          quiet = resolve;
        });
      }
      for (const timer of timers) clearInterval(timer);
      timers.clear();
      const report = tally.take();
      // Removed from `open` first, so that their ends are nobody's failure.
      const rest = [...open];
      open.clear();
      for (const { socket } of rest) socket.destroy();
      return report;
    },
  };
};
