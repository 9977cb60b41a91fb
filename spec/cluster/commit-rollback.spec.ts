import { expect, test } from 'vitest';
import { BindError } from '../../lib/listener/errors.ts';
import { askAll } from './fixtures/asking.ts';
import { running, saying } from './fixtures/clusters.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { listening } from './fixtures/sockets.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'] as const;

const configOf = (addresses: readonly string[], word: string) =>
  Object.fromEntries(IDS.map((id, index) => [id, saying(`${id} ${word}`, addresses[index])]));

for (const [index, id] of IDS.entries()) {
  test(`when step ${index + 1} of 5 cannot bind, ports and bodies are what they were`, async () => {
    const before = await freeAddresses(5);
    const after = await freeAddresses(5);
    const { cluster, sockets } = await running(configOf(before, 'old'));
    const open = [...sockets.open].sort();
    const handles = await listening();
    const bodies = await askAll(before);
    sockets.fault((address) => (address === after[index] ? 'refuse' : 'none'));

    const outcome = await cluster.apply(configOf(after, 'new'));

    expect(outcome).toMatchObject({ status: 'rolledBack', server: id, unrestored: [] });
    expect(outcome.status === 'rolledBack' && outcome.cause).toBeInstanceOf(BindError);
    expect([...sockets.open].sort()).toEqual(open);
    expect(await listening()).toBe(handles);
    expect(await askAll(before)).toEqual(bodies);
    expect(Object.values(await askAll(after))).toEqual(after.map(() => 'no answer: ECONNREFUSED'));
    expect(cluster.snapshot).toMatchObject({ state: 'Running', degraded: false, draining: [] });
  });
}
