// The servers follow a URL. While it fails, the last good configuration stays in force.
import { createServer } from 'node:http';
import { filter, firstValueFrom, share } from 'rxjs';
import { createCluster, httpSource } from 'sluice';

// Somebody else's service, which says what is to be served.
let body = 'open';
let isDown = false;
const service = createServer((request, response) => {
  const etag = `"${body}"`;
  if (isDown || request.headers.authorization !== 'Bearer s3cret') response.writeHead(503).end();
  else if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else {
    response.writeHead(200, { 'content-type': 'application/json', etag });
    const routes = [{ path: '/', respond: { body } }];
    response.end(JSON.stringify({ servers: { shop: { listen: '127.0.0.1:0', routes } } }));
  }
}).listen(0, '127.0.0.1');
await new Promise((resolve) => service.once('listening', resolve));
const address = service.address();
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/servers`;

// #region main
const source$ = httpSource(url, {
  intervalMs: 50,
  headers: { authorization: 'Bearer s3cret' },
  backoff: { initialMs: 50, maxMs: 1_000 },
});

const cluster = createCluster();
await cluster.start();

const events$ = source$.pipe(share());
const following = events$.subscribe((event) => {
  if (event.type === 'loaded') cluster.siphon.next(event.servers);
  else for (const { code, message } of event.problems) console.log(`${code}: ${message}`);
});
// #endregion

const applied = (revision: number) =>
  firstValueFrom(cluster.cluster$.pipe(filter((snapshot) => snapshot.revision.applied === revision)));
const ask = async () => (await fetch(cluster.snapshot.servers.shop?.url ?? '')).text();

await applied(1);
console.log(await ask());
body = 'closed';
await applied(2);
console.log(await ask());

const failed = firstValueFrom(events$.pipe(filter(({ type }) => type === 'failed')));
isDown = true;
await failed;
console.log(await ask());

following.unsubscribe();
await cluster.stop();
service.close();
service.closeAllConnections();

// prints:
// open
// closed
// ERR_SOURCE_STATUS: the server answered 503
// closed
