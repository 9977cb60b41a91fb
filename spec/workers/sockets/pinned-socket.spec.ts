import { expect, onTestFinished, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import type { ToWorker } from '../../../lib/workers/protocol.ts';
import type { SharedSocket } from '../../../lib/workers/shared-socket.ts';
import { pinnedSocket } from '../../../lib/workers/sockets/pinned-socket.ts';

test('what the first process gives that listens by itself is told to all that do, and to nobody else', async () => {
  const said: ToWorker[] = [];
  const guest = {
    send: (message: ToWorker) => said.push(message),
    offer: () => {
      throw new Error('nobody is offered anything');
    },
  };
  const socket = await new Promise<SharedSocket>((resolve) => {
    const held = pinnedSocket({ kind: 'tcp', host: '127.0.0.1', port: 0 }).subscribe(resolve);
    onTestFinished(() => held.unsubscribe());
  });
  socket.admit(guest, 1);
  socket.admit(guest, 2, { ticketKeys: 'first' });
  socket.admit(guest, 3, { ticketKeys: 'second' });
  const address = formatAddress(socket.address);
  expect(said).toEqual([
    { type: 'listening', id: 1, address },
    { type: 'listening', id: 2, address, data: { ticketKeys: 'first' } },
    { type: 'listening', id: 3, address, data: { ticketKeys: 'first' } },
  ]);
});
