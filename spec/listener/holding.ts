import { createServer, type Server } from 'node:net';
import type { Observable } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Listener } from '../../lib/listener/listener.ts';

/** An address that a test holds. */
export interface Held {
  readonly listener: Listener;
  /** What became of it after it was bound; pending while nothing has. */
  readonly failed: Promise<unknown>;
  release(): void;
}

/** Holds an address until it is released, or the test is over; rejects with the error when it cannot be had. */
export const hold = (listener$: Observable<Listener>): Promise<Held> =>
  new Promise((resolve, reject) => {
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<unknown>((settle) => {
      fail = settle;
    });
    const subscription = listener$.subscribe({
      next: (listener) =>
        queueMicrotask(() => resolve({ listener, failed, release: () => subscription.unsubscribe() })),
      error: (error: unknown) => {
        fail(error);
        reject(error);
      },
    });
    onTestFinished(() => subscription.unsubscribe());
  });

/** Why an address cannot be had. */
export const refusalOf = (listener$: Observable<Listener>): Promise<unknown> =>
  hold(listener$).then(
    () => 'it was bound',
    (error: unknown) => error,
  );

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host }, () => server.close(() => resolve(true)));
  });

/** A port nobody holds just now, and none of those that the system gives to clients. */
export const freePort = async (host = '127.0.0.1'): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port, host)) return port;
  }
};

export const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen on a port');
  return address.port;
};
