// One list of servers for every environment: plain where it is developed, encrypted where it is used.
import { request } from 'node:https';
import { generate } from 'selfsigned';
import { PoolError, poolConfig } from 'sluice/pool';

/** Asks once; believes any certificate, which nobody should do elsewhere. */
const askEncrypted = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      answer.setEncoding('utf8').on('data', resolve);
    });
    asked.on('error', reject).end();
  });

const ask = async (url: string): Promise<string> =>
  url.startsWith('https:') ? askEncrypted(url) : (await fetch(url)).text();

const { cert, private: key } = await generate([{ name: 'commonName', value: 'shop.example' }], { keyType: 'ec' });

// #region main
const configs = poolConfig([
  { name: 'shop', listen: '127.0.0.1:0' },
  { name: 'images', listen: '127.0.0.1:0' },
  // Only this machine reaches it: encrypted nowhere.
  { name: 'admin', listen: '127.0.0.1:0', tls: false },
]).setHandler((request) => new Response(`hello over ${new URL(request.url).protocol}`));

for (const environment of ['development', 'production']) {
  configs.setDefaultTls(environment === 'production' ? { cert, key, minVersion: 'TLSv1.3' } : undefined);
  const pool = configs.toPool();
  await pool.start();
  console.log(`${environment}:`);
  for (const { name, url } of pool.values()) console.log(' ', name, await ask(url));
  await pool.stop();
}
// #endregion

// #region validate
const wrong = poolConfig([
  { name: 'shop', listen: '127.0.0.1:8080' },
  { name: 'images', listen: ':8080', tls: true },
  { name: 'admin', listen: '127.0.0.1:99999', dependsOn: ['shopp'] },
]);
for (const { server, path, message } of wrong.validate()) console.log(`${server}.${path}: ${message}`);

try {
  wrong.toPool();
} catch (error) {
  if (error instanceof PoolError) console.log(error.code, error.failures.map(({ server }) => server).join());
}
const { pool, error } = wrong.toPool({}, { lenient: true });
console.log(error?.code, 'but', pool.list('name', 'name', { glob: '*' }));
// #endregion

// prints:
// development:
//   shop hello over http:
//   images hello over http:
//   admin hello over http:
// production:
//   shop hello over https:
//   images hello over https:
//   admin hello over http:
// images.tls: there is nothing to encrypt with
// images.listen: overlaps with 'shop' (127.0.0.1:8080)
// admin.listen: a port is a number from 0 to 65535 without leading zeros
// admin.dependsOn: there is no such server
// ERR_POOL_VALIDATE images,admin
// ERR_POOL_ADD but [ 'shop' ]
