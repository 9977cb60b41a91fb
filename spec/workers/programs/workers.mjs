// A program with workers; its first argument is their script, the second their options as JSON.
import { createWorkers } from 'sluice/workers';

const say = (type, fields = {}) => console.log(JSON.stringify({ type, ...fields }));
const logger = { error() {}, warn() {}, info() {}, debug() {} };
const script = new URL(process.argv[2], import.meta.url);
const workers = createWorkers({ script, logger, startupDelayMs: 0, ...JSON.parse(process.argv[3] ?? '{}') });

workers.events$.subscribe(({ type, ...rest }) => say(type, rest));
const commands = {
  restart: async () => say('restarted', { report: await workers.restart() }),
  stop: async () => {
    say('ended', { report: await workers.stop() });
    process.disconnect();
  },
  stats: () => say('stats', { stats: workers.stats() }),
  signal: ({ name }) => workers.signal(name),
};
process.on('message', ({ command, ...rest }) => commands[command](rest));
process.on('SIGINT', () => say('interrupted'));
await workers.start();
say('started', { pids: workers.snapshot.workers.map(({ pid }) => pid) });
