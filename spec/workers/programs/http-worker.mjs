// A worker with a server of Node. `--plain`: the context is told nothing of it. `--silent`: nobody even asks for one.
import { createServer } from 'node:http';
import { isWorker, workerContext } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, pid: process.pid, ...fields }));
const silent = process.argv.includes('--silent');
const context = silent ? undefined : workerContext();

const server = createServer((request, response) => {
  if (request.url === '/slow') {
    say('asked');
    setTimeout(() => response.end('slow'), 300);
  } else if (request.url === '/throw') {
    response.end('soon');
    setTimeout(() => Promise.reject(new TypeError('nobody caught this')));
  } else response.end(String(process.pid));
});
server.listen(context?.port ?? 0, '127.0.0.1', () => {
  say('serving', {
    port: server.address().port,
    isWorker: isWorker(),
    slot: context?.slot,
    argv: process.argv.slice(1),
  });
  context?.ready();
});
if (!silent && !process.argv.includes('--plain')) context.serve(server);
process.on('SIGUSR1', () => say('usr1'));
process.send({ hello: 'from the user' });
