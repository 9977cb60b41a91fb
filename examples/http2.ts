// HTTP/2 and HTTP/1.1 on one port: a session sees every change, and ends with what it has asked when its server leaves.
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'node:https';
import { generate } from 'selfsigned';
import { createCluster } from 'sluice';

const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
const trusting = { ca: cert, servername: 'localhost', rejectUnauthorized: false };

// #region main
const cluster = createCluster();
await cluster.start();
const site = (body: string) => ({
  site: { listen: '127.0.0.1:0', tls: { cert, key }, http2: true, routes: [{ path: '*', respond: { body } }] },
});
await cluster.apply(site('one'));
// #endregion

const url = new URL(cluster.snapshot.servers.site?.url ?? '');
const ask = async (session: ClientHttp2Session): Promise<string> => {
  const stream = session.request({ ':path': '/' }).setEncoding('utf8');
  let body = '';
  for await (const chunk of stream) body += chunk;
  return body;
};

const session = connect(url, trusting);
console.log(await ask(session), session.alpnProtocol);
await cluster.apply(site('two'));
console.log(await ask(session), 'on the same session');

const version = await new Promise((resolve) => {
  request(url, trusting, (response) => resolve(response.resume().httpVersion)).end();
});
console.log('another client speaks HTTP', version);

session.on('goaway', (code, last) => console.log(`the last stream was ${last}, code ${code}`));
const { cut } = await cluster.stop();
console.log(`${cut} connections were cut`);

// prints:
// one h2
// two on the same session
// another client speaks HTTP 1.1
// the last stream was 3, code 0
// 0 connections were cut
