import { throwError } from 'rxjs';
import { expect, test } from 'vitest';
import { openAddresses } from '../../../lib/worker-cluster/agent/open-addresses.ts';
import { createSockets } from '../../cluster/fixtures/sockets.ts';
import { addressFrom } from '../../cluster/fixtures/specs.ts';

test('an address is open from the moment in which it is bound until it is closed', async () => {
  const sockets = createSockets();
  const open = openAddresses(sockets.listeners);
  let changes = 0;
  open.changed$.subscribe(() => {
    changes += 1;
  });
  await new Promise<void>((resolve) => {
    const listening = open.listeners(addressFrom('127.0.0.1:0')).subscribe(() => {
      expect(open.addresses).toEqual(sockets.open);
      queueMicrotask(() => {
        listening.unsubscribe();
        resolve();
      });
    });
  });
  expect(open.addresses).toEqual([]);
  expect(changes).toBe(2);
});

test('one that cannot be bound is not open', () => {
  const open = openAddresses(() => throwError(() => new Error('no')));
  let failure: unknown;
  open.listeners(addressFrom('127.0.0.1:80')).subscribe({
    error: (cause: unknown) => {
      failure = cause;
    },
  });
  expect(failure).toMatchObject({ message: 'no' });
  expect(open.addresses).toEqual([]);
});

test('one that fails is not open any more', async () => {
  const sockets = createSockets();
  const open = openAddresses(sockets.listeners);
  await new Promise<void>((resolve) => {
    open.listeners(addressFrom('127.0.0.1:0')).subscribe({
      next: () => queueMicrotask(() => sockets.crash(sockets.open[0] ?? '')),
      error: () => resolve(),
    });
  });
  expect(open.addresses).toEqual([]);
});
