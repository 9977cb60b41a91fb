import { expect, test } from 'vitest';
import type { Address } from '../../../lib/config/address.ts';
import { BindError } from '../../../lib/listener/errors.ts';
import { tcpListener } from '../../../lib/listener/tcp/tcp.ts';
import { freePort, hold, refusalOf } from '../holding.ts';

const HOST = '127.0.0.1';

const rangeOf = (first: number, last: number, host = HOST) =>
  ({ kind: 'tcp', host, port: 0, range: { first, last } }) as const;

/** Ports in a row that nobody holds. */
const freeRow = async (length: number): Promise<number> => {
  for (;;) {
    const first = await freePort();
    const row = Array.from({ length }, (_, index) => tcpListener({ kind: 'tcp', host: HOST, port: first + index }));
    const held = await Promise.allSettled(row.map((port$) => hold(port$)));
    for (const one of held) if (one.status === 'fulfilled') one.value.release();
    if (held.every(({ status }) => status === 'fulfilled')) return first;
  }
};

const portOf = (address: Address): number => (address.kind === 'tcp' ? address.port : 0);

test('the first port of the range is taken when it is free', async () => {
  const first = await freeRow(3);
  const { listener } = await hold(tcpListener(rangeOf(first, first + 2)));
  expect(listener.address).toEqual({ kind: 'tcp', host: HOST, port: first });
});

test('of many who ask for one range at once each gets a port, and the one too many is told that all are taken', async () => {
  const first = await freeRow(4);
  const range = rangeOf(first, first + 3);
  const held = await Promise.all(Array.from({ length: 4 }, () => hold(tcpListener(range))));
  expect(held.map(({ listener }) => portOf(listener.address)).toSorted()).toEqual([0, 1, 2, 3].map((n) => first + n));
  const refusal = await refusalOf(tcpListener(range));
  expect(refusal).toBeInstanceOf(BindError);
  expect(refusal).toMatchObject({
    address: `${HOST}:${first}-${first + 3}`,
    errno: 'EADDRINUSE',
    message: `cannot bind ${HOST}:${first}-${first + 3}: EADDRINUSE`,
    hint: expect.stringContaining('all 4 ports of the range are taken'),
  });
  held[2]?.release();
  expect((await hold(tcpListener(range))).listener.address).toEqual(held[2]?.listener.address);
});

test('a port that is held on one interface only is not free on all of them', async () => {
  const first = await freeRow(2);
  await hold(tcpListener({ kind: 'tcp', host: HOST, port: first }));
  const { listener } = await hold(tcpListener(rangeOf(first, first + 1, '')));
  expect(portOf(listener.address)).toBe(first + 1);
});

test('another reason than a port that is taken ends the search', async () => {
  const refusal = await refusalOf(tcpListener(rangeOf(8_000, 8_010, '192.0.2.1')));
  expect(refusal).toMatchObject({ address: '192.0.2.1:8000', errno: 'EADDRNOTAVAIL' });
});

test('whoever unsubscribes while ports are tried leaves nothing behind', async () => {
  const first = await freeRow(2);
  const holder = await hold(tcpListener({ kind: 'tcp', host: HOST, port: first }));
  const search = tcpListener(rangeOf(first, first + 1)).subscribe();
  search.unsubscribe();
  holder.release();
  expect((await hold(tcpListener({ kind: 'tcp', host: HOST, port: first + 1 }))).listener.address).toBeDefined();
});
