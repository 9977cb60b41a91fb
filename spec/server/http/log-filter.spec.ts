import { expect, test } from 'vitest';
import { get } from '../../listener/wire.ts';
import { eventually, type Served, serve } from '../serving.ts';
import { certificate } from '../tls/certificates.ts';
import { dialTls } from '../tls/tls-wire.ts';

const failing: Served = {
  app: () => {
    throw new Error('out of order');
  },
};

const messages = async (served: Served): Promise<readonly string[]> => {
  const { dial, log } = await serve(served);
  const wire = dial();
  wire.write(get('/', 'x-request-id: r1'));
  expect((await wire.responses())[0]?.status).toBe(500);
  return log.lines.map(({ message }) => message);
};

test('lines about requests are left out when they contain one of the texts', async () => {
  expect(await messages(failing)).toEqual(['server test: request r1 failed']);
  expect(await messages({ ...failing, logFilter: ['nothing of the kind'] })).toHaveLength(1);
  expect(await messages({ ...failing, logFilter: ['x', 'request r1'] })).toEqual([]);
});

test('lines about handshakes are left out as well', async () => {
  const tls = await certificate();
  const served = { app: () => new Response('ok'), tls };
  const open = await serve(served);
  const filtering = await serve({ ...served, logFilter: ['the client has left'] });
  for (const { address } of [open, filtering]) {
    const { socket } = dialTls(address);
    socket.once('connect', () => socket.destroy());
  }
  await eventually(() => open.log.lines.length === 1 && filtering.server.connections === 0);
  expect(filtering.log.lines).toEqual([]);
});

test('a change of the filter counts from the next line on', async () => {
  const { dial, log, assign } = await serve({ ...failing, logFilter: ['failed'] });
  const wire = dial();
  wire.write(get('/'));
  await wire.responses();
  expect(log.lines).toEqual([]);
  assign(failing);
  wire.write(get('/'));
  await wire.responses(2);
  expect(log.lines).toHaveLength(1);
});
