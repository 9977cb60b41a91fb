// A worker with a server of Node, handed over to the context.
import { createServer } from 'node:http';
import { workerContext } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, pid: process.pid, ...fields }));
const context = workerContext();

const server = createServer((request, response) => {
  if (request.url === '/slow') setTimeout(() => response.end('slow'), 300);
  else if (request.url === '/throw') setTimeout(() => Promise.reject(new TypeError('nobody caught this')));
  else response.end(String(process.pid));
});
server.listen(context.port, '127.0.0.1', () => {
  say('serving', { port: server.address().port });
  context.ready();
});
if (!process.argv.includes('--plain')) context.serve(server);
