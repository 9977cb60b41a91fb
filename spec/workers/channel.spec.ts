import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createChannel, QUEUE_DROPPABLE, QUEUE_MESSAGES } from '../../lib/workers/channel.ts';
import { seal } from '../../lib/workers/envelope.ts';

interface Message {
  readonly type: string;
  readonly text?: unknown;
}

/** An end of a channel that takes `room` messages before it says that it is enough, and writes when it is told to. */
class Port extends EventEmitter {
  connected = true;
  readonly taken: unknown[] = [];
  readonly #room: number;
  #unwritten: ((error: Error | null) => void)[] = [];

  constructor(room = Number.POSITIVE_INFINITY) {
    super();
    this.#room = room;
  }

  send(message: object, _handle: unknown, _options: unknown, done: (error: Error | null) => void): boolean {
    this.taken.push(Reflect.get(message, 'message'));
    this.#unwritten.push(done);
    return this.#unwritten.length < this.#room;
  }

  write(error: Error | null = null): void {
    const written = this.#unwritten;
    this.#unwritten = [];
    for (const done of written) done(error);
  }

  close(): void {
    this.connected = false;
    this.emit('disconnect');
  }
}

const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null && 'type' in value;

const channelOf = (port: Port, awaited = false) => {
  const heard: Message[] = [];
  const skewed: number[] = [];
  let closed = 0;
  const channel = createChannel<Message, Message>(port, {
    awaited,
    read: (message) => (isMessage(message) ? message : undefined),
    heard: (message) => heard.push(message),
    skewed: (protocol) => skewed.push(protocol),
    closed: () => {
      closed += 1;
    },
  });
  return { channel, heard, skewed, closed: () => closed };
};

const topic = (text: unknown): Message => ({ type: 'topic', text });

test('messages are handed over in order, also those that had to wait', async () => {
  const port = new Port(2);
  const { channel } = channelOf(port);
  const delivered: boolean[] = [];
  for (const number of [1, 2, 3, 4, 5]) channel.send(topic(number), undefined, (ok) => delivered.push(ok));
  expect(port.taken).toEqual([1, 2].map(topic));
  port.write();
  expect(port.taken).toEqual([1, 2, 3, 4].map(topic));
  port.write();
  port.write();
  expect(port.taken).toEqual([1, 2, 3, 4, 5].map(topic));
  await channel.flushed();
  expect(delivered).toEqual([true, true, true, true, true]);
});

test('to one that does not read so many wait, and the next ones are refused', async () => {
  const port = new Port(1);
  const { channel } = channelOf(port);
  let refused = 0;
  for (let number = 0; number < QUEUE_MESSAGES + 101; number += 1) {
    channel.send(topic(number), undefined, (ok) => {
      if (!ok) refused += 1;
    });
  }
  await Promise.resolve();
  expect(refused).toBe(100);
  expect(channel.drops.unsent).toBe(100);
  expect(port.taken).toHaveLength(1);
});

test('what waits is bounded in bytes, but one message of any size may wait', async () => {
  const port = new Port(1);
  const { channel } = channelOf(port);
  const outcomes: string[] = [];
  const send = (name: string, megabytes: number): void => {
    channel.send(topic('x'.repeat(megabytes * 1_048_576)), undefined, (ok) => outcomes.push(`${name} ${ok}`));
  };
  send('first', 0);
  send('large', 5);
  send('refused', 1);
  await Promise.resolve();
  expect(outcomes).toEqual(['refused false']);
  port.write();
  port.write();
  send('later', 3);
  send('too', 2);
  port.write();
  port.write();
  expect(outcomes).toEqual(['refused false', 'first true', 'large true', 'later true', 'too true']);
});

test('of beats the oldest make room for the latest', async () => {
  const port = new Port(1);
  const { channel } = channelOf(port);
  channel.send(topic('first'));
  for (let number = 0; number < QUEUE_DROPPABLE + 3; number += 1) channel.send({ type: 'beat', text: number });
  channel.send(topic('last'));
  for (let write = 0; write < QUEUE_DROPPABLE + 2; write += 1) port.write();
  const latest = Array.from({ length: QUEUE_DROPPABLE }, (_, index) => ({ type: 'beat', text: index + 3 }));
  expect(port.taken).toEqual([topic('first'), ...latest, topic('last')]);
  expect(channel.drops.unsent).toBe(3);
});

test('when the channel closes nobody waits any longer, each hears once, and nothing can be sent', async () => {
  const port = new Port(1);
  const { channel, closed } = channelOf(port);
  const outcomes: string[] = [];
  channel.send(topic(1), undefined, (ok) => outcomes.push(`handed over ${ok}`));
  channel.send(topic(2), undefined, (ok) => outcomes.push(`waiting ${ok}`));
  const flushed = channel.flushed();
  port.close();
  await flushed;
  port.write();
  channel.send(topic(3), undefined, (ok) => outcomes.push(`late ${ok}`));
  await channel.flushed();
  expect(outcomes).toEqual(['handed over false', 'waiting false', 'late false']);
  expect(port.taken).toEqual([topic(1)]);
  expect(closed()).toBe(1);
});

test('to one that is awaited nothing is sent before it is heard of; should it end without a word, all of it is told', async () => {
  const port = new Port();
  const { channel } = channelOf(port, true);
  channel.send(topic('early'));
  port.emit('message', 'not ours');
  expect(port.taken).toEqual([]);
  port.emit('message', seal(topic('hello')));
  channel.send(topic('late'));
  expect(port.taken).toEqual(['early', 'late'].map(topic));

  const mute = new Port();
  const { channel: unheard } = channelOf(mute, true);
  const outcomes: string[] = [];
  unheard.send(topic(1), undefined, (ok) => outcomes.push(`waiting ${ok}`));
  mute.close();
  unheard.send(topic(2), undefined, (ok) => outcomes.push(`late ${ok}`));
  await unheard.flushed();
  expect(outcomes).toEqual(['waiting false', 'late false']);
  expect(mute.taken).toEqual([]);
});

test('an error of the channel is for who sent the message, and no event that ends the process', async () => {
  const port = new Port();
  const { channel } = channelOf(port);
  const outcomes: boolean[] = [];
  channel.send(topic(1), undefined, (ok) => outcomes.push(ok));
  port.write(new Error('EPIPE'));
  expect(port.emit('error', new Error('ERR_IPC_CHANNEL_CLOSED'))).toBe(true);
  expect(outcomes).toEqual([false]);
});

test('what JSON cannot say is refused, whether it is sent at once or has to wait', async () => {
  class Strict extends Port {
    override send(...parameters: Parameters<Port['send']>): boolean {
      JSON.stringify(parameters[0]);
      return super.send(...parameters);
    }
  }
  const port = new Strict(1);
  const { channel } = channelOf(port);
  const outcomes: boolean[] = [];
  const send = (): void => channel.send(topic(1n), undefined, (ok) => outcomes.push(ok));
  send();
  channel.send(topic('fills it'));
  send();
  await Promise.resolve();
  expect(outcomes).toEqual([false, false]);
});

test('what others send passes by; what cannot be read is counted, and a socket that came with it is closed', () => {
  const port = new Port();
  const { channel, heard, skewed } = channelOf(port);
  let closed = 0;
  const handle = { close: () => (closed += 1) };
  port.emit('message', { any: 'thing of the user' }, handle);
  expect(closed).toBe(0);
  port.emit('message', seal({ type: 'ready' }), undefined);
  port.emit('message', seal('nonsense'), handle);
  port.emit('message', { ...seal({ type: 'ready' }), 'sluice/workers': 99 }, handle);
  expect(heard).toEqual([{ type: 'ready' }]);
  expect(skewed).toEqual([99]);
  expect(channel.drops.unreadable).toBe(1);
  expect(closed).toBe(2);
});
