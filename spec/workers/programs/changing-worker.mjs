// Serves, if it is among the first. What is started after them is of a release that is broken, as its argument says.
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { workerContext } from 'sluice/workers';

const context = workerContext();
const [how, directory] = process.argv.slice(2);
const mark = `${directory}/${context.slot}`;

if (existsSync(mark)) {
  if (how === 'crash') process.exit(1);
} else {
  writeFileSync(mark, '');
  const server = createServer((_request, response) => response.end(String(process.pid)));
  context.serve(server);
  server.listen(context.port, '127.0.0.1', () => context.ready());
}
