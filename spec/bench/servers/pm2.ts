/** A fleet by pm2, by its programmatic interface: what its command line costs to start is not held against it. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setting, takeOrders } from '../harness/orders.ts';
import type { FleetWorkerSetting } from './fleet-worker.ts';

export interface Pm2Setting {
  /** The folder it is installed in, which is also its home. */
  readonly folder: string;
  readonly port: number;
  readonly workers: number;
  readonly killAfterMs: number;
}

/** What of pm2 is used here; it is installed for the run, so nobody else knows its types. */
interface Pm2 {
  connect(noDaemon: boolean, done: (error?: Error) => void): void;
  start(app: Readonly<Record<string, unknown>>, done: (error?: Error) => void): void;
  reload(name: string, done: (error?: Error) => void): void;
  list(done: (error: Error | null, list: readonly { pid: number; pm2_env: { status: string } }[]) => void): void;
  delete(name: string, done: (error?: Error) => void): void;
}

const { folder, port, workers, killAfterMs } = setting() as Pm2Setting;

process.env.PM2_HOME = `${folder}/home-${process.pid}`;
process.env.PM2_DISCRETE_MODE = 'true';
process.env.PM2_SILENT = 'true';
const pm2 = createRequire(`${folder}/`)('pm2') as Pm2;

const told = (call: (done: (error?: Error) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));

// Its daemon within this process: when the bench goes, it goes, and its workers with it.
await told((done) => pm2.connect(true, done));
await told((done) =>
  pm2.start(
    {
      name: 'fleet',
      script: fileURLToPath(new URL('fleet-worker.js', import.meta.url)),
      args: [JSON.stringify({ port } satisfies FleetWorkerSetting)],
      exec_mode: 'cluster',
      instances: workers,
      wait_ready: true,
      kill_timeout: killAfterMs,
      // Who is killed again and again is to come back every time.
      max_restarts: 1_000_000,
      out_file: '/dev/null',
      error_file: '/dev/null',
    },
    done,
  ),
);

const list = (): Promise<readonly { pid: number; pm2_env: { status: string } }[]> =>
  new Promise((resolve, reject) => pm2.list((error, found) => (error ? reject(error) : resolve(found))));

takeOrders({
  pids: async () => (await list()).filter(({ pm2_env }) => pm2_env.status === 'online').map(({ pid }) => pid),
  restart: () => told((done) => pm2.reload('fleet', done)),
  stop: () => told((done) => pm2.delete('fleet', done)),
});
