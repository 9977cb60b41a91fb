import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { frameClient } from '../../attack/frame-client.ts';
import { headers, settings, settingsAck, windowUpdate } from '../../attack/frames.ts';
import { get } from '../../listener/wire.ts';
import { clock, eventually, type Serving, serve } from '../serving.ts';
import { certificate } from '../tls/certificates.ts';

/** An encrypted connection and what carries it. */
const dial = async ({ address }: Serving, protocol: string): Promise<{ carrier: Socket; encrypted: TLSSocket }> => {
  if (address.kind !== 'tcp') throw new TypeError('this client needs a port');
  const carrier = connectSocket({ host: address.host, port: address.port });
  const encrypted = connectTls({ socket: carrier, rejectUnauthorized: false, ALPNProtocols: [protocol] });
  carrier.on('error', () => undefined);
  encrypted.on('error', () => undefined);
  onTestFinished(() => {
    carrier.destroy();
  });
  await new Promise((resolve) => encrypted.once('secureConnect', resolve));
  return { carrier, encrypted };
};

const INITIAL_WINDOW_SIZE = 4;

/** Asks for something without an end, and reads as much of it as nobody. */
const askFor: Readonly<Record<string, (encrypted: TLSSocket) => void>> = {
  h2: (encrypted) => {
    const client = frameClient(encrypted);
    client.say(settings([INITIAL_WINDOW_SIZE, 2 ** 31 - 1]), settingsAck(), windowUpdate(0, 2 ** 30), headers(1));
  },
  'http/1.1': (encrypted) => {
    encrypted.write(get('/'));
  },
};

test.each(['h2', 'http/1.1'])('a client of %s that is killed while it reads nothing is let go', async (protocol) => {
  let sent = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          sent += 1;
          controller.enqueue(new Uint8Array(65_536));
        },
      }),
    );
  const serving = await serve({ app: endless, tls: await certificate(), http2: true });
  const { carrier, encrypted } = await dial(serving, protocol);
  askFor[protocol]?.(encrypted);
  await eventually(() => serving.server.inFlight === 1);
  encrypted.pause();
  for (let before = -1; before < sent; await clock(100)) before = sent;
  carrier.resetAndDestroy();
  await eventually(() => serving.server.connections === 0 && serving.server.inFlight === 0);
  expect(serving.log.loud()).toEqual([]);
});
