import { connect } from 'node:net';
import { firstValueFrom, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ask } from './fixtures/asking.ts';
import { addressOf, eventually, rig, running, saying } from './fixtures/clusters.ts';

/** Somebody who connects again and again, so that the address never calms down. */
const hammer = (address: string): (() => void) => {
  const port = Number(address.split(':')[1]);
  let isOn = true;
  const next = (): void => {
    if (!isOn) return;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).on('close', next);
    socket.on('connect', () => socket.destroy());
  };
  next();
  return () => {
    isOn = false;
  };
};

describe('a stop that hands over', () => {
  test('lets go of addresses at once, however many connect', async () => {
    const { cluster, sockets } = await running({ a: saying('a'), b: saying('b') });
    const stopHammer = hammer(addressOf(cluster, 'a'));
    const stopping = cluster.stop({ handOver: true });
    expect([...sockets.open]).toEqual([]);
    stopHammer();
    await stopping;
  });

  test('still answers what was accepted', async () => {
    const { cluster, sockets } = rig();
    await cluster.start();
    const go$ = new Subject<void>();
    let asked = false;
    const app = async () => {
      asked = true;
      await firstValueFrom(go$);
      return new Response('late');
    };
    await cluster.apply({ a: { listen: '127.0.0.1:0', app } });
    const answer = ask(addressOf(cluster, 'a'));
    await eventually(() => asked);
    const stopping = cluster.stop({ handOver: true });
    expect([...sockets.open]).toEqual([]);
    go$.next();
    expect(await answer).toBe('late');
    expect(await stopping).toMatchObject({ cut: 0 });
  });

  test('hands over the addresses of those that leave already', async () => {
    const { cluster, sockets } = await running({ a: saying('a') });
    const stopHammer = hammer(addressOf(cluster, 'a'));
    await cluster.apply({});
    expect(sockets.open).toHaveLength(1);
    const stopping = cluster.stop({ handOver: true });
    expect([...sockets.open]).toEqual([]);
    stopHammer();
    await stopping;
  });
});
