// What is executed as a worker. It imports as little as it can: a worker that is needed is needed now.

import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createChannel } from '../channel.ts';
import { toErrorData } from '../error-data.ts';
import { ProtocolError } from '../errors.ts';
import { type Assignment, type FromWorker, PROTOCOL, type ToWorker } from '../protocol.ts';
import { type Load, Pulse } from '../pulse.ts';
import { Reporter } from '../reporter.ts';
import { RUNTIME, type WorkerRuntime } from '../runtime.ts';
import { readToWorker } from '../to-worker.ts';
import { Departure } from './departure.ts';
import { Inbox } from './inbox.ts';
import { PlainServers } from './plain-servers.ts';
import { Link } from './runtime-link.ts';
import { importScript } from './script.ts';
import { SharedPorts } from './shared-ports.ts';

/** Milliseconds to finish what was accepted after an error that nobody caught: nothing is certain by then. */
const CRASH_DRAIN_MS = 5_000;

/** Signals that a terminal sends to everybody, or that would end the process by default: the primary decides. */
const IGNORED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

if (process.send === undefined || cluster.worker === undefined) {
  process.stderr.write('this module is executed by the primary of workers only\n');
  process.exit(2);
}

// Otherwise Node ends the process by itself as soon as the primary is gone, before anybody could drain.
cluster.worker.exitedAfterDisconnect = true;

const version = ((): string => {
  try {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    return String(version);
  } catch {
    // Bundled with something else: it has no version of its own then.
    return 'unknown';
  }
})();

let assignment: Assignment | undefined;
/** As it was told last: it may have changed since the assignment was written. */
let count: number | undefined;
let claimed = false;
let isReady = false;
let failed = false;
let hasTakenLeave = false;
const [script = '', ...preload] = process.argv.slice(2);
let beating: NodeJS.Timeout | undefined;
const loads = new Set<() => Load>();
const plain = new PlainServers();
let watchesPlain = false;

/** As Node does with an error that nobody caught. */
const print = (error: unknown): void => console.error(error);

const channel = createChannel<FromWorker, ToWorker>(process, {
  read: readToWorker,
  heard: (message, handle) => hear(message, handle),
  skewed: (protocol) => {
    if (!failed) fail(new ProtocolError(process.pid, { protocol: PROTOCOL, version }, protocol));
  },
  closed: () => {
    clearInterval(beating);
    link.part();
    // The last thing that plain servers do is to close it.
    if (!hasTakenLeave) leave('abandoned');
  },
});

/** Of its own accord. One that waits for a slot serves nobody. */
const leave = (reason: 'abandoned' | 'signal'): void => {
  if (assignment !== undefined) departure.decide({ reason, deadlineMs: assignment.orphanDrainMs, handOver: false });
  else if (!departure.isUnderWay) process.exit(0);
};

const link = new Link((message, handle, sent) => channel.send(message, handle, sent), print);
const inbox = new Inbox(print);
const ports = new SharedPorts({
  link,
  isWanted: () => assignment?.sharing === 'shared',
  bound: () => bound(),
  report: print,
});

const sumOfLoads = (): Load => {
  const sum = { connections: 0, inFlight: 0, requests: 0 };
  const reads = watchesPlain ? [...loads, () => plain.load()] : loads;
  for (const read of reads) {
    try {
      const { connections, inFlight, requests } = read();
      sum.connections += connections;
      sum.inFlight += inFlight;
      sum.requests += requests;
    } catch (error) {
      print(error);
    }
  }
  return sum;
};

const pulse = new Pulse(sumOfLoads);
const reporter = new Reporter(
  () => pulse.beat(),
  (message, sent) => channel.send(message, undefined, sent),
);

let said: Promise<void> | undefined;

/** The last words are said once, and waited for as often as anybody likes. */
const farewell = (): Promise<void> => {
  said ??= process.connected && assignment !== undefined ? reporter.last() : Promise.resolve();
  return said.then(() => channel.flushed());
};

/**
 * In turn the primary accepts, and sends each connection over the channel until it knows that nobody listens here. What
 * comes after the server was closed Node's cluster sends back, for another worker to take; if this process ended before it
 * was read, the primary would wait for a word on it, and the client for an answer, for ever.
 */
const caughtUp = (): Promise<void> =>
  new Promise((resolve) => {
    if (assignment?.sharing !== 'round-robin') {
      resolve();
      return;
    }
    link.onGone(resolve);
    link.onMessage(({ type }) => {
      if (type === 'caught-up') resolve();
      return false;
    });
    channel.send({ type: 'catch-up' });
  });

const departure = new Departure({
  told: () => channel.send({ type: 'draining' }),
  usual: (request) =>
    plain.drain(request, async () => {
      await farewell();
      hasTakenLeave = true;
      ports.close();
    }),
  caughtUp,
  farewell,
  end: (code) => (code === undefined ? process.exit() : process.exit(code)),
  patienceMs: () => assignment?.orphanDrainMs ?? 0,
  report: print,
});

/** Whatever is left to do is done, and then this process ends as a failed one. */
const fail = (error: unknown): void => {
  print(error);
  if (failed) return;
  failed = true;
  channel.send({ type: 'failing', error: toErrorData(error) });
  departure.decide({ reason: 'crash', deadlineMs: CRASH_DRAIN_MS, handOver: false }, 1);
};

const ready = (): void => {
  if (isReady) return;
  isReady = true;
  channel.send({ type: 'ready' });
};

/** A server listens: a script that knows nothing of all this is ready then. */
const bound = (): void => {
  if (!claimed) ready();
};

const beat = (): void => channel.send({ type: 'beat', beat: pulse.beat() });

/** Somebody takes care of draining. */
const forgetPlain = (): void => {
  if (!watchesPlain) return;
  watchesPlain = false;
  plain.forget();
};

const begin = (mine: Assignment): void => {
  assignment = { ...mine, count: count ?? mine.count };
  for (const [name, value] of Object.entries(mine.env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  process.argv = [process.execPath, script, ...mine.args];
  process.title = `sluice worker ${mine.slot}`;
  if (mine.heartbeatMs > 0) {
    beat();
    beating = setInterval(beat, mine.heartbeatMs).unref();
  }
  watchesPlain = true;
  plain.watch();
  importScript(script).catch(fail);
};

const greet = async (): Promise<void> => {
  for (const path of preload) await importScript(path);
  channel.send({ type: 'hello', protocol: PROTOCOL, version });
};

const hear = (message: ToWorker, handle: unknown): void => {
  switch (message.type) {
    case 'assign':
      if (assignment === undefined) begin(message.assignment);
      break;
    case 'drain':
      departure.ask(message.request);
      break;
    case 'count':
      count = message.count;
      if (assignment !== undefined) assignment = { ...assignment, count };
      break;
    case 'bound':
      bound();
      break;
    case 'collect':
      void reporter.answer(message);
      break;
    case 'topic':
      inbox.put(message.topic, message.body);
  }
  link.hear(message, handle);
};

for (const name of IGNORED) process.on(name, () => {});
process.on('SIGTERM', () => leave('signal'));
process.on('uncaughtException', (error) => {
  // Who has a handler of its own means to go on.
  if (process.listenerCount('uncaughtException') === 1) fail(error);
});

const runtime: WorkerRuntime = {
  protocol: PROTOCOL,
  version,
  assignment: () => assignment,
  claim: () => {
    claimed = true;
  },
  ready,
  onDrain: (listener) => {
    forgetPlain();
    return departure.onDrain(listener);
  },
  hold: (drain) => {
    forgetPlain();
    return departure.hold(drain);
  },
  exit: () => departure.exit(),
  contribute: (kind, name, read) => {
    const contribution = pulse.contribute(kind, name, read);
    return () => contribution.unsubscribe();
  },
  load: (read) => {
    loads.add(read);
    return () => loads.delete(read);
  },
  expose: (read) => {
    const exposed = reporter.expose(read);
    return () => exposed.unsubscribe();
  },
  onTopic: (topic, listener) => inbox.on(topic, listener),
  send: (message, handle, sent) => link.send(message, handle, sent),
  onMessage: (listener) => link.onMessage(listener),
  onGone: (listener) => link.onGone(listener),
  nextId: () => link.nextId(),
};
Object.defineProperty(globalThis, RUNTIME, { value: runtime });
ports.install();
greet().catch(fail);
