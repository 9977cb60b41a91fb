// A server over https with a certificate from files: renewed while it runs, a broken one refused, no connection touched.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom } from 'rxjs';
import { generate } from 'selfsigned';
import { type ClusterSnapshot, createCluster, TlsError } from 'sluice';

const directory = await mkdtemp(join(tmpdir(), 'sluice-https-'));

/** Makes a certificate for a name, as a tool that talks to a certificate authority would. */
const renew = async (name: string, days: number): Promise<void> => {
  const notAfterDate = new Date(Date.now() + days * 86_400_000);
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { keyType: 'ec', notAfterDate });
  await writeFile(join(directory, 'tls.crt'), cert);
  await writeFile(join(directory, 'tls.key'), key);
};

/** Asks once; believes any certificate, which nobody should do elsewhere. */
const ask = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      answer.setEncoding('utf8').on('data', resolve);
    });
    asked.on('error', reject).end();
  });

await renew('first.example', 90);

// #region main
const cluster = createCluster({ baseDir: directory });
await cluster.start();
const shop = {
  listen: '127.0.0.1:0',
  tls: { cert: 'tls.crt', key: 'tls.key', minVersion: 'TLSv1.3' },
  routes: [{ path: '/', respond: { body: 'hello' } }],
} as const;
await cluster.apply({ shop });
const { url = '', tls } = cluster.snapshot.servers.shop ?? {};
console.log(await ask(url), 'over', new URL(url).protocol, 'with a certificate for', tls?.names.join());
// #endregion

// #region renewal
const has =
  (name: string) =>
  ({ servers }: ClusterSnapshot) =>
    servers.shop?.tls?.names.includes(name) === true;
const renewed = firstValueFrom(cluster.cluster$.pipe(filter(has('second.example'))));
await renew('second.example', 10);
const after = (await renewed).servers.shop?.tls;
console.log('renewed for', after?.names.join(), 'which is', after?.state);
// #endregion

// #region refused
const outcome = await cluster.apply({ shop: { ...shop, tls: { ...shop.tls, ca: 'none.crt', clientAuth: 'require' } } });
if (outcome.status === 'rolledBack' && outcome.cause instanceof TlsError) {
  console.log(outcome.cause.code, 'because of', outcome.cause.source);
}
console.log(await ask(url));
// #endregion

await cluster.stop();
await rm(directory, { recursive: true });

// prints:
// hello over https: with a certificate for first.example
// renewed for second.example which is expiring
// ERR_TLS_CA_MISSING because of none.crt
// hello
