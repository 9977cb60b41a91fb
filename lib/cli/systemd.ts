import { spawn } from 'node:child_process';
import { workersIn } from '../admin/worker-view.ts';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
import type { RunEvent } from './run-event.ts';
import { counted } from './text.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What a service manager is told, in the words of `sd_notify`. */
export interface Notifier {
  /** Sends one message of several assignments; those that are sent while one is on its way follow in order. */
  send(...assignments: readonly string[]): void;
  /** Resolves when everything has been sent, or could not be. */
  flush(): Promise<void>;
}

/** Milliseconds a message may take: `systemd-notify` waits until it was read. */
const SEND_MS = 5_000;

/**
 * Tells systemd, by its own `systemd-notify`: Node cannot send to a datagram socket in the file system.
 *
 * The message comes from another process than the service's main one, so the unit needs `NotifyAccess=all`. `undefined`
 * when nobody asked to be told (`NOTIFY_SOCKET`).
 *
 * @param report - called once, when the program is missing.
 */
export const notifierFor = (env: Env, report: (error: Error) => void): Notifier | undefined => {
  if (!env.NOTIFY_SOCKET) return undefined;
  let last: Promise<void> = Promise.resolve();
  let isMissing = false;
  return {
    send(...assignments) {
      last = last.then(() => (isMissing ? undefined : notify(assignments)));
    },
    flush: () => last,
  };

  function notify(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn('systemd-notify', assignments, { stdio: 'ignore', timeout: SEND_MS });
      child.once('error', (error) => {
        isMissing = true;
        report(error);
        resolve();
      });
      child.once('close', () => resolve());
    });
  }
};

/** Milliseconds between two signs of life, half of what systemd waits for one; `undefined` when it waits for none. */
export const watchdogMs = ({ WATCHDOG_USEC, WATCHDOG_PID }: Env, pid: number): number | undefined => {
  const us = Number(WATCHDOG_USEC);
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid;
  return isOurs && us > 0 ? Math.max(1, Math.floor(us / 2_000)) : undefined;
};

/** What a snapshot says to `systemctl status`. */
export const statusText = (snapshot: ClusterSnapshot): string => {
  const { state, degraded, servers, revision } = snapshot;
  const all = Object.values(servers);
  const running = all.filter((server) => server.state === 'running').length;
  const workers = workersIn(snapshot);
  const active = workers?.filter((worker) => worker.state === 'active').length;
  return [
    `${state}${degraded ? ', degraded' : ''}: ${running} of ${counted(all.length, 'server')} run`,
    ...(workers === undefined ? [] : [`${active} of ${counted(workers.length, 'worker')} active`]),
    `revision ${revision.applied}`,
  ].join(', ');
};

/** Tells a service manager what events mean to it. */
export interface Informant {
  tell(event: RunEvent): void;
  /** Gives no more signs of life; resolves when everything has been sent, or could not be. */
  close(): Promise<void>;
}

/**
 * Keeps a service manager informed about a cluster: `READY=1` when it runs, `RELOADING=1` when the file was read again
 * or its workers are replaced and `READY=1` when that is settled, `STOPPING=1` at the end, how it is doing as `STATUS=`, and signs of life.
 *
 * A reload that changes nothing is told too: who asked for it with SIGHUP waits for the end of it.
 *
 * @param snapshot - the cluster as it is at the moment.
 */
export const informantOf = (notifier: Notifier, snapshot: () => ClusterSnapshot | undefined, env: Env): Informant => {
  let phase: 'starting' | 'ready' | 'reloading' | 'stopping' = 'starting';
  let toldStatus = '';
  /** What it is reloading for. */
  const reloading = new Set<'config' | 'restart'>();
  const send = (...assignments: readonly string[]): void => {
    const now = snapshot();
    const status = now === undefined ? '' : `STATUS=${statusText(now)}`;
    const isNews = status !== '' && status !== toldStatus;
    toldStatus = isNews ? status : toldStatus;
    if (assignments.length > 0 || isNews) notifier.send(...assignments, ...(isNews ? [status] : []));
  };
  const enter = (next: typeof phase, ...assignments: readonly string[]): void => {
    phase = next;
    send(...assignments);
  };
  const beatMs = watchdogMs(env, process.pid);
  const beating = beatMs === undefined ? undefined : setInterval(() => notifier.send('WATCHDOG=1'), beatMs);

  return {
    tell(event) {
      if (event.type === 'state' && event.state === 'Stopping') enter('stopping', 'STOPPING=1');
      else if (phase === 'starting') {
        if (event.type === 'state' && event.state === 'Running') enter('ready', 'READY=1');
      } else if (phase !== 'stopping') {
        const begun = begunBy(event);
        if (begun !== undefined) {
          reloading.add(begun);
          // systemd compares the time with its own clock, CLOCK_MONOTONIC, which is what Node reads too.
          enter('reloading', 'RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
        }
        const settled = settledBy(event);
        const wasSettled = settled !== undefined && reloading.delete(settled);
        if (wasSettled && reloading.size === 0) enter('ready', 'READY=1');
        else if (STATUS_TYPES.has(event.type)) send();
      }
    },
    close() {
      clearInterval(beating);
      return notifier.flush();
    },
  };
};

const STATUS_TYPES: ReadonlySet<RunEvent['type']> = new Set(['outcome', 'server', 'state', 'worker']);

/** What an event is the beginning of. */
const begunBy = (event: RunEvent): 'config' | 'restart' | undefined => {
  if (event.type === 'config') return 'config';
  return event.type === 'worker' && event.event.type === 'restart-begun' ? 'restart' : undefined;
};

/** What an event is the end of. */
const settledBy = (event: RunEvent): 'config' | 'restart' | undefined => {
  if (event.type === 'outcome' || (event.type === 'config' && event.status === 'invalid')) return 'config';
  return event.type === 'worker' && event.event.type === 'restart-ended' ? 'restart' : undefined;
};
