// Workers under a supervisor, as a program of its own: options are its first argument, as JSON. Says what happens, and
// does what it is told over IPC.
import { supervise } from 'sluice';
import { createWorkers } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ ...fields, type }));
const nothing = () => {};
const logger = { error: nothing, warn: nothing, info: nothing, debug: nothing };
const describe = (error) => error && { code: error.code, message: error.message, cause: describe(error.cause) };

const workers = createWorkers({ logger, ...JSON.parse(process.argv[2]) });
workers.events$.subscribe((event) => {
  const cause = describe(event.report?.cause);
  say(event.type, { ...event, ...(event.report && { ...event.report, cause }) });
});
let ticks = 0;
const ticking = setInterval(() => {
  ticks += 1;
}, 20);
workers.state$.subscribe((state) => {
  if (state !== 'Running') return;
  clearInterval(ticking);
  say('running', { ticks });
});

const commands = {
  restart: () => workers.restart(),
  scale: ({ count }) => workers.scale(count),
  snapshot: () => {},
};
process.on('message', async ({ command, ...rest }) => {
  await commands[command](rest);
  say('did', { command, snapshot: workers.snapshot, now: Date.now() });
});

try {
  await supervise([workers], { signals: true, logger });
} catch (error) {
  say('failed', { error: describe(error) });
}
clearInterval(ticking);
say('over', { exitCode: workers.exitCode });
process.exitCode = workers.exitCode;
process.disconnect();
