import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { ReplaySubject, Subject } from 'rxjs';
import { type Channel, createChannel } from './channel.ts';
import { NestedWorkersError, SharingError, SpawnError } from './errors.ts';
import type { ProcessExit } from './exit.ts';
import { readFromWorker } from './from-worker.ts';
import { discardHandle } from './handle.ts';
import type { FromWorker, Sharing } from './protocol.ts';
import { type PackedToWorker, packToWorker } from './to-worker.ts';
import type { Launch, Processes, WorkerProcess } from './worker-process.ts';

/** What is executed; it loads the script of the user. */
const BOOT = fileURLToPath(new URL('./boot/boot.js', import.meta.url));

/** Milliseconds that the last words of a process may take to arrive after its end is known; they are in the pipe by then. */
const LAST_WORDS_MS = 250;

const policyOf = (sharing: Sharing): number => (sharing === 'round-robin' ? cluster.SCHED_RR : cluster.SCHED_NONE);

/** Node takes over how addresses are shared the first time that it is told what workers are like, and keeps it. */
const isFrozen = (): boolean => Object.keys(cluster.settings).length > 0;

const settleSharing = (sharing: Sharing): void => {
  const policy = policyOf(sharing);
  if (isFrozen() && cluster.schedulingPolicy !== policy) throw new SharingError(sharing);
  cluster.schedulingPolicy = policy;
};

/**
 * Processes of Node, forked with `node:cluster`, so that any server in them shares its address.
 *
 * Throws a `NestedWorkersError` in a worker, and a `SharingError` when this process has begun to share addresses in
 * another way. What other code starts with `node:cluster` is not affected.
 *
 * @param boot - path of the module that is executed.
 */
export const nodeProcesses = (sharing: Sharing, boot: string = BOOT): Processes => {
  if (!cluster.isPrimary) throw new NestedWorkersError();
  settleSharing(sharing);
  return (launch) => {
    try {
      settleSharing(sharing);
      return followed(fork(launch, boot), launch);
    } catch (cause) {
      return unstarted(cause instanceof SharingError ? cause : new SpawnError(launch.script, { cause }));
    }
  };
};

const fork = ({ script, preload, env, execArgv }: Launch, boot: string): Worker => {
  const before = cluster.settings;
  cluster.setupPrimary({
    exec: boot,
    // A message that is sent before it listens is lost: Node's cluster has a listener of its own by then.
    args: [script, ...preload],
    execArgv: [...execArgv],
    // A worker that read from the terminal would take the words from the others.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'json',
  });
  try {
    return cluster.fork(env);
  } finally {
    // As Node itself fills it in for whoever forks next.
    const usual = { args: process.argv.slice(2), exec: process.argv[1], execArgv: process.execArgv, silent: false };
    Object.assign(cluster, { settings: { ...usual, ...before } });
  }
};

const unstarted = (error: Error): WorkerProcess => {
  const messages = new Subject<FromWorker>();
  const exit = new ReplaySubject<ProcessExit>(1);
  messages.complete();
  exit.error(error);
  return {
    pid: 0,
    messages$: messages.asObservable(),
    exit$: exit.asObservable(),
    send: (_message, _handle, sent = () => {}) => queueMicrotask(() => sent(false)),
    kill: () => {},
  };
};

const followed = (worker: Worker, { script }: Launch): WorkerProcess => {
  const child = worker.process;
  const messages = new Subject<FromWorker>();
  const exits = new ReplaySubject<ProcessExit>(1);
  let exit: ProcessExit | undefined;

  const channel: Channel<PackedToWorker> = createChannel(child, {
    // Until it does, a listener of Node's cluster takes its messages.
    awaited: true,
    read: readFromWorker,
    heard: (message, handle) => {
      // Workers send none.
      discardHandle(handle);
      if (message.type === 'catch-up') channel.send({ type: 'caught-up' });
      else messages.next(message);
    },
    skewed: (protocol, message) => messages.next({ type: 'hello', protocol, version: versionIn(message) }),
    closed: () => finish(),
  });

  const finish = (): void => {
    if (exit === undefined || exits.closed) return;
    clearTimeout(patience);
    messages.complete();
    exits.next(exit);
    exits.complete();
  };
  let patience: NodeJS.Timeout | undefined;

  child.once('exit', (code, signal) => {
    exit = { code, signal };
    // What it said last may still be on its way; it is told before the end.
    if (!child.connected) finish();
    else patience = setTimeout(finish, LAST_WORDS_MS);
  });
  // Node's cluster passes errors of the process on, and nobody else listens.
  worker.on('error', (cause) => {
    if (child.pid !== undefined) return;
    // It never ran, and so will not end.
    delete cluster.workers?.[worker.id];
    messages.complete();
    exits.error(new SpawnError(script, { cause }));
  });
  worker.on('listening', () => channel.send({ type: 'bound' }));

  return {
    pid: child.pid ?? 0,
    messages$: messages.asObservable(),
    exit$: exits.asObservable(),
    send: (message, handle, sent) => channel.send(packToWorker(message), handle, sent),
    // It answers whether there still is such a process, which its end says as well.
    kill: (signal) => {
      child.kill(signal);
    },
  };
};

const versionIn = (message: unknown): string => {
  const version: unknown =
    typeof message === 'object' && message !== null ? Reflect.get(message, 'version') : undefined;
  return typeof version === 'string' ? version : 'unknown';
};
