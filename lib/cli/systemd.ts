import { spawn } from 'node:child_process';
import {
  catchError,
  distinctUntilChanged,
  EMPTY,
  first,
  interval,
  map,
  type Observable,
  Subscription,
  switchMap,
} from 'rxjs';
import type { ClusterSnapshot } from '../cluster/snapshot.ts';
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
export const statusText = ({ state, degraded, servers, revision }: ClusterSnapshot): string => {
  const all = Object.values(servers);
  const running = all.filter((server) => server.state === 'running').length;
  return `${state}${degraded ? ', degraded' : ''}: ${running} of ${counted(all.length, 'server')} run, revision ${revision.applied}`;
};

/** Where snapshots come from: there is no cluster before its file was read. */
interface Informant {
  readonly state$: Observable<string>;
  readonly controlled: { readonly cluster: { readonly cluster$: Observable<ClusterSnapshot> } } | undefined;
}

/** Informs the service manager about a cluster, when there is one that wants to know. */
export const informManager = (
  informant: Informant,
  env: Env,
  report: (error: Error) => void,
): { close(): Promise<void> } | undefined => {
  const notifier = notifierFor(env, report);
  if (notifier === undefined) return undefined;
  const snapshots$ = informant.state$.pipe(
    first((state) => state === 'Running'),
    switchMap(() => informant.controlled?.cluster.cluster$ ?? EMPTY),
    catchError(() => EMPTY), // It stopped before it ran.
  );
  const informing = keepInformed(notifier, snapshots$, env);
  return {
    close() {
      informing.unsubscribe();
      return notifier.flush();
    },
  };
};

/**
 * Keeps a service manager informed about a cluster until it is unsubscribed from: the state as `STATUS=`, `READY=1` when
 * it runs, `RELOADING=1` while it changes, `STOPPING=1` at the end, and signs of life in between.
 *
 * @param cluster$ - snapshots; completing changes nothing.
 */
export const keepInformed = (notifier: Notifier, cluster$: Observable<ClusterSnapshot>, env: Env): Subscription => {
  const informing = new Subscription();
  let before: ClusterSnapshot['state'] | undefined;
  const changes$ = cluster$.pipe(
    map((snapshot) => ({ state: snapshot.state, status: statusText(snapshot) })),
    distinctUntilChanged((a, b) => a.status === b.status),
  );
  informing.add(
    changes$.subscribe(({ state, status }) => {
      notifier.send(...(state === before ? [] : assignmentsOf(state)), `STATUS=${status}`);
      before = state;
    }),
  );
  const beatMs = watchdogMs(env, process.pid);
  if (beatMs !== undefined) informing.add(interval(beatMs).subscribe(() => notifier.send('WATCHDOG=1')));
  return informing;
};

const assignmentsOf = (state: ClusterSnapshot['state']): readonly string[] => {
  switch (state) {
    case 'Running':
      return ['READY=1'];
    case 'Reloading':
      // systemd compares the time with its own clock, CLOCK_MONOTONIC, which is what Node reads too.
      return ['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`];
    case 'Stopping':
      return ['STOPPING=1'];
    default:
      return [];
  }
};
