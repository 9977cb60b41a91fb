import { firstValueFrom, map, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { formatAddress } from '../../lib/config/address.ts';
import { Holds } from '../../lib/worker-cluster/holds.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { createSockets } from '../cluster/fixtures/sockets.ts';
import { addressFrom } from '../cluster/fixtures/specs.ts';

const rig = (startTimeoutMs = 2_000) => {
  const system = createSockets();
  const changed$ = new Subject<void>();
  const left = { isBeing: false };
  const holds = new Holds({
    sockets: { hold: (address) => system.listeners(address).pipe(map(({ address: at }) => ({ address: at }))) },
    startTimeoutMs,
    isBeingLeft: () => left.isBeing,
    changed$,
  });
  return { system, changed$, left, holds };
};

test('an address is held as long as anybody has a share in it', async () => {
  const { system, holds } = rig();
  const first = await firstValueFrom(holds.take(addressFrom('127.0.0.1:0')));
  expect(system.open).toEqual([formatAddress(first.address)]);
  const second = await firstValueFrom(holds.take(first.address));
  const third = holds.share(first.address);
  expect(system.attempts).toHaveLength(1);
  first.release();
  first.release();
  second.release();
  expect(system.open).toHaveLength(1);
  third?.release();
  expect(system.open).toEqual([]);
  expect(holds.share(first.address)).toBeUndefined();
});

test('an address that somebody else has is refused at once, and nothing is left of the attempt', async () => {
  const { system, holds } = rig();
  system.fault(() => 'refuse');
  await expect(firstValueFrom(holds.take(addressFrom('127.0.0.1:80')))).rejects.toMatchObject({ code: 'ERR_BIND' });
  expect(holds.addresses).toEqual([]);
});

test('one that workers are just leaving is waited for', async () => {
  const [one = ''] = await freeAddresses(1);
  const { system, holds, left, changed$ } = rig();
  left.isBeing = true;
  system.fault((_address, attempt) => (attempt === 1 ? 'refuse' : 'none'));
  const taking = firstValueFrom(holds.take(addressFrom(one)));
  changed$.next();
  (await taking).release();
  expect(system.attempts).toEqual([one, one]);
  expect(system.open).toEqual([]);
});

test('one that was found before and is somebody else’s by now is looked for anew where that will do', async () => {
  const [one = ''] = await freeAddresses(1);
  const { system, holds } = rig();
  system.fault((address) => (address === one ? 'refuse' : 'none'));
  const hold = await firstValueFrom(holds.take(addressFrom(one), addressFrom('127.0.0.1:0')));
  expect(formatAddress(hold.address)).not.toBe(one);
  hold.release();
});

test('what hangs is given up in time, and let go of if it comes later', async () => {
  const { system, holds } = rig(20);
  system.fault(() => 'hang');
  await expect(firstValueFrom(holds.take(addressFrom('127.0.0.1:0')))).rejects.toMatchObject({
    code: 'ERR_BIND_TIMEOUT',
  });
  system.heal();
  expect(system.open).toEqual([]);
});

test('at the end everything is let go of', async () => {
  const { system, holds } = rig();
  await firstValueFrom(holds.take(addressFrom('127.0.0.1:0')));
  holds.end();
  expect(system.open).toEqual([]);
});
