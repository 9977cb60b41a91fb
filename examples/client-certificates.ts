// Clients that prove who they are: the handler knows them by their certificate, and nobody else gets as far as that.
import { request } from 'node:https';
import { generate } from 'selfsigned';
import { clientCertificate, createCluster } from 'sluice';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const issue = async (name: string, by?: Pair): Promise<Pair> => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'basicConstraints', cA: by === undefined, critical: true }],
    ...(by === undefined ? {} : { ca: by }),
  });
  return { cert, key };
};

const ask = (url: string, client: Partial<Pair> = {}): Promise<string> =>
  new Promise((resolve) => {
    const asked = request(url, { ...client, rejectUnauthorized: false, agent: false }, (answer) => {
      answer.setEncoding('utf8').on('data', resolve);
    });
    asked.on('error', () => resolve('not let in')).end();
  });

const authority = await issue('our clients');

// #region main
const cluster = createCluster();
await cluster.start();
await cluster.apply({
  vault: {
    listen: '127.0.0.1:0',
    tls: { ...(await issue('vault')), ca: authority.cert, clientAuth: 'require' },
    app: (_request, env) => new Response(`hello ${clientCertificate(env)?.subject}`),
  },
});
const { url = '' } = cluster.snapshot.servers.vault ?? {};
console.log(await ask(url, await issue('ann', authority)));
console.log(await ask(url));
console.log(await ask(url, await issue('mallory', await issue('our clients'))));
// #endregion

await cluster.stop();

// prints:
// hello CN=ann
// not let in
// not let in
