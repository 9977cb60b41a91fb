import { firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { type Address, formatAddress } from '../../../lib/config/address.ts';
import { pinnedSocket } from '../../../lib/workers/sockets/pinned-socket.ts';
import { freePorts, freeRow } from '../../cluster/fixtures/ports.ts';

const bound = (address: Address): Promise<string> =>
  new Promise((resolve, reject) => {
    const held = pinnedSocket(address).subscribe({
      next: (socket) => resolve(formatAddress(socket.address)),
      error: reject,
    });
    onTestFinished(() => held.unsubscribe());
  });

test('of one range each that asks has a port of its own, although nobody listens yet', async () => {
  const first = await freeRow(3);
  const range: Address = { kind: 'tcp', host: '127.0.0.1', port: 0, range: { first, last: first + 2 } };
  const all = await Promise.all([bound(range), bound(range), bound(range)]);
  expect(all).toEqual([0, 1, 2].map((n) => `127.0.0.1:${first + n}`));
  await expect(bound(range)).rejects.toMatchObject({ code: 'ERR_BIND' });
});

test('a port that was let go of can be had again', async () => {
  const [first = 0] = await freePorts(1);
  const address: Address = { kind: 'tcp', host: '127.0.0.1', port: first };
  for (let time = 0; time < 3; time += 1) {
    const socket = await firstValueFrom(pinnedSocket(address));
    expect(formatAddress(socket.address)).toBe(`127.0.0.1:${first}`);
  }
  await bound(address);
  await expect(bound(address)).rejects.toMatchObject({ code: 'ERR_BIND', errno: 'EADDRINUSE' });
});
