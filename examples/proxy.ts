// A server that passes requests on to two others, one of which goes away and comes back.
import { createServer, type Server } from 'node:http';
import { createCluster } from 'sluice';

const backend = (name: string, port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => response.end(`${name} ${request.url}`));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

let red = await backend('red', 0);
const blue = await backend('blue', 0);
const ports = [portOf(red), portOf(blue)];

const cluster = createCluster();
await cluster.start();

// #region main
await cluster.apply({
  front: {
    listen: '127.0.0.1:0',
    routes: [
      { path: '/health', respond: { json: { ok: true } } },
      {
        path: '/api/*',
        proxy: {
          targets: ports.map((port) => `http://127.0.0.1:${port}`),
          strip: '/api',
          coolDownMs: 50,
        },
      },
    ],
  },
});
// #endregion

const url = cluster.snapshot.servers.front?.url ?? '';
const ask = async (times: number): Promise<string[]> => {
  const answers: string[] = [];
  for (let asked = 0; asked < times; asked += 1) answers.push(await (await fetch(`${url}/api/users`)).text());
  return answers;
};

console.log('both there:', await ask(4));

red.closeAllConnections();
await new Promise((resolve) => red.close(resolve));
console.log('one gone:', await ask(4));

red = await backend('red', ports[0] ?? 0);
while (!(await ask(1)).includes('red /users'));
console.log('both there again:', (await ask(4)).sort());

await cluster.stop();
for (const server of [red, blue]) {
  server.closeAllConnections();
  server.close();
}

// prints:
// both there: [ 'red /users', 'blue /users', 'red /users', 'blue /users' ]
// one gone: [ 'blue /users', 'blue /users', 'blue /users', 'blue /users' ]
// both there again: [ 'blue /users', 'blue /users', 'red /users', 'red /users' ]
