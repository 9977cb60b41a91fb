import { createServer } from 'node:http';
import { createServer as createDoor, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { receivingParsers } from '../../../lib/server/http/receiving.ts';
import { portOf } from '../../listener/holding.ts';
import { dial, get } from '../../listener/wire.ts';

test('Node knows who is within a request, and who is between two of them', async () => {
  const http = createServer((_, outgoing) => outgoing.end('x'));
  http.emit('listening');
  const sockets: Socket[] = [];
  const door = createDoor({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    http.emit('connection', socket);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => door.once('listening', resolve));
  onTestFinished(() => {
    door.close();
    http.close(() => {});
  });
  const wire = dial({ kind: 'tcp', host: '127.0.0.1', port: portOf(door) });
  const isReceiving = (): boolean => receivingParsers(http).has(Reflect.get(sockets[0] ?? {}, 'parser'));

  wire.write('GET / HTTP/1.1\r\nHost: te');
  await expect.poll(() => (sockets[0]?.bytesRead ?? 0) > 0).toBe(true);
  expect(isReceiving()).toBe(true);
  wire.write('st\r\n\r\n');
  await wire.responses();
  expect(isReceiving()).toBe(false);
  wire.write(get('/').slice(0, 5));
  await expect.poll(isReceiving).toBe(true);
});

test('where nobody knows, nobody is', () => {
  expect(receivingParsers({}).size).toBe(0);
  expect(receivingParsers({ [Symbol('http.server.connections')]: {} }).size).toBe(0);
});
