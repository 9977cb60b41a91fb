import { connect } from 'node:http2';
import { expect, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import { clientCertificate } from '../../../lib/server/tls/client-certificate.ts';
import { get } from '../../listener/wire.ts';
import { type Serving, serve } from '../serving.ts';
import { certificate, type Pair } from './certificates.ts';
import { dialTls } from './tls-wire.ts';

const greeting = async () => {
  const [pair, ca] = await Promise.all([certificate(), certificate({ names: ['ca'], signs: true })]);
  const client = await certificate({ names: ['ann'], by: ca });
  const serving = await serve({
    app: (_, env) => new Response(clientCertificate(env)?.subject ?? 'nobody'),
    tls: { ...pair, ca: ca.cert, clientAuth: 'request' },
    http2: true,
  });
  return { serving, client };
};

const overHttp1 = async ({ address }: Serving, pair: Pair | undefined): Promise<string | undefined> => {
  const wire = dialTls(address, pair);
  wire.write(get('/'));
  return (await wire.responses())[0]?.body;
};

const overHttp2 = async ({ address }: Serving, pair: Pair | undefined): Promise<string> => {
  const session = connect(`https://${formatAddress(address)}`, { rejectUnauthorized: false, ...pair });
  const stream = session.request({ ':path': '/' });
  let body = '';
  for await (const chunk of stream) body += chunk;
  session.destroy();
  return body;
};

test.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('a handler knows its client by the certificate it has shown: %s', async (_, ask) => {
  const { serving, client } = await greeting();
  expect(await ask(serving, client)).toBe('CN=ann');
  expect(await ask(serving, undefined)).toBe('nobody');
});

test('where nobody is asked, and outside a server, there is none', async () => {
  const { address } = await serve({
    app: (_, env) => new Response(String(clientCertificate(env))),
    tls: await certificate(),
  });
  const wire = dialTls(address, await certificate());
  wire.write(get('/'));
  expect((await wire.responses())[0]?.body).toBe('undefined');
  for (const env of [undefined, null, {}, { incoming: null }, { incoming: { socket: {} } }, 'x']) {
    expect(clientCertificate(env)).toBeUndefined();
  }
});
