import { once } from 'node:events';
import { connect } from 'node:net';
import type { Subscription } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { Hosts } from '../../lib/cluster/hosts.ts';
import { formatAddress } from '../../lib/config/address.ts';
import type { Host } from '../../lib/server/host.ts';
import { built, specOf } from '../server/serving.ts';
import { accepts } from './fixtures/asking.ts';
import { eventually } from './fixtures/clusters.ts';
import { createJournal } from './fixtures/journal.ts';
import { freeAddresses } from './fixtures/ports.ts';
import { createSockets } from './fixtures/sockets.ts';
import { addressFrom } from './fixtures/specs.ts';

const make = () => {
  const sockets = createSockets();
  return { sockets, hosts: new Hosts(sockets.listeners, { logger: createJournal(), overrideGlobalObjects: true }) };
};

const held: Subscription[] = [];
afterEach(() => {
  for (const hold of held.splice(0)) hold.unsubscribe();
});

const bind = (host: Host): Promise<void> =>
  new Promise((resolve, reject) => {
    held.push(
      host.door$.subscribe({
        next: (listener) => {
          host.server.assign(built(specOf({ app: () => new Response() })));
          listener.attach(host.server);
          resolve();
        },
        error: reject,
      }),
    );
  });

const connected = async (host: Host) => {
  const { address } = host;
  if (address.kind !== 'tcp') throw new Error('not tcp');
  const socket = connect(address.port, address.host);
  await once(socket, 'connect');
  await eventually(() => host.server.connections > 0);
  return socket;
};

test('there is one host for an address, however often it is asked for', async () => {
  const { hosts } = make();
  const [text = ''] = await freeAddresses(1);
  expect(hosts.at(addressFrom(text))).toBe(hosts.at(addressFrom(text)));
});

test('everybody who asks for a free port gets another host', () => {
  const { hosts } = make();
  const any = addressFrom('127.0.0.1:0');
  expect(hosts.at(any)).not.toBe(hosts.at(any));
});

test('a free port that was found leads to its host from then on', async () => {
  const { hosts } = make();
  const host = hosts.at(addressFrom('127.0.0.1:0'));
  await bind(host);
  expect(hosts.at(host.address)).not.toBe(host);
  hosts.settle(host);
  expect(hosts.at(host.address)).toBe(host);
});

test('the last one to release a host cuts its connections, nobody before', async () => {
  const { hosts } = make();
  const host = hosts.at(addressFrom('127.0.0.1:0'));
  hosts.retain(host);
  await bind(host);
  const socket = await connected(host);
  hosts.release(host);
  expect(host.server.connections).toBe(1);
  const closed = once(socket, 'close');
  socket.resume();
  hosts.release(host);
  await closed;
  await eventually(() => host.server.connections === 0);
});

test('a host that was let go is forgotten: the next one for its address is another', async () => {
  const { hosts } = make();
  const [text = ''] = await freeAddresses(1);
  const first = hosts.at(addressFrom(text));
  hosts.release(first);
  expect(hosts.at(addressFrom(text))).not.toBe(first);
});

test('letting go of an old host does not forget a newer one on the same address', async () => {
  const { hosts } = make();
  const old = hosts.at(addressFrom('127.0.0.1:0'));
  await bind(old);
  hosts.settle(old);
  // The port is free again, and another server is given it.
  for (const hold of held.splice(0)) hold.unsubscribe();
  const newer = hosts.at(addressFrom('127.0.0.1:0'));
  await bind(newer);
  Object.defineProperty(newer, 'address', { value: old.address });
  hosts.settle(newer);
  hosts.release(old);
  expect(hosts.at(addressFrom(formatAddress(newer.address)))).toBe(newer);
});

test('destroying all of them cuts every connection and says how many there were', async () => {
  const { hosts, sockets } = make();
  const some = [hosts.at(addressFrom('127.0.0.1:0')), hosts.at(addressFrom('127.0.0.1:0'))];
  for (const host of some) {
    await bind(host);
    await connected(host);
    await connected(host);
  }
  await eventually(() => some.every(({ server }) => server.connections === 2));
  expect(hosts.destroy()).toBe(4);
  await eventually(() => some.every(({ server }) => server.connections === 0));
  for (const hold of held.splice(0)) hold.unsubscribe();
  expect(sockets.open).toEqual([]);
  expect(await accepts(formatAddress(some[0]?.address ?? addressFrom('127.0.0.1:1')))).toBe(false);
});
