import { expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, running, saying, until } from './fixtures/clusters.ts';

test('an instrument is told where a server answers that did not get its port again', async () => {
  const { cluster, sockets } = await running({ a: saying('a', '127.0.0.1:0', { restart: { initialMs: 1 } }) });
  const moves: string[] = [];
  const watching = cluster.instrument({ moved: (server, address) => moves.push(`${server} ${address}`) });
  const former = addressOf(cluster, 'a');
  sockets.fault((address) => (address === former ? 'refuse' : 'none'));
  sockets.crash(former);
  await until(cluster, ({ servers }) => servers.a?.state === 'running' && servers.a.address !== former);
  await eventually(() => moves.length > 0);
  expect(moves).toEqual([`a ${addressOf(cluster, 'a')}`]);
  watching.unsubscribe();
});

test('an instrument is told how many connections of a server that stopped had to be cut, and of none when none had', async () => {
  const stuck = { listen: '127.0.0.1:0', app: () => new Promise<Response>(() => {}), drainTimeoutMs: 0 };
  const { cluster } = await running({ stuck, calm: saying('calm') });
  const cuts: string[] = [];
  cluster.instrument({ cut: (server, connections) => cuts.push(`${server} ${connections}`) });
  const answers = Promise.all([ask(addressOf(cluster, 'stuck')), ask(addressOf(cluster, 'stuck'))]);
  await eventually(() => cluster.snapshot.servers.stuck?.inFlight === 2);
  await cluster.apply({});
  await until(cluster, ({ draining }) => draining.length === 0);
  await eventually(() => cuts.length > 0);
  expect(cuts).toEqual(['stuck 2']);
  await answers;
});
