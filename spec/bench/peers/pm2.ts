import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingPeerError } from '../harness/bench.ts';
import { pinnedTo } from '../harness/machine.ts';
import type { Pm2Setting } from '../servers/pm2.ts';
import { KILL_AFTER_MS, type StartFleet, startFleet } from './fleet.ts';
import { allAnswering, type Site, type StartPeer, scratchFolder } from './peer.ts';

const run = promisify(execFile);

/** An application as pm2's documentation asks for: it finishes what it accepted on SIGINT. */
const APP = `
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const { port, body } = JSON.parse(readFileSync(__dirname + '/site.json', 'utf8'));
const server = createServer((request, response) => response.end(body));
server.keepAliveTimeout = 60000;
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
process.on('SIGINT', () => server.close(() => process.exit(0)));
`;

let installed: Promise<string> | undefined;

/** pm2 in a folder of its own, for this run of the benches only. */
const installPm2 = (): Promise<string> => {
  installed ??= (async () => {
    const folder = scratchFolder('pm2');
    try {
      await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder.path, 'pm2@7']);
    } catch (cause) {
      folder.remove();
      installed = undefined;
      throw new MissingPeerError('pm2', 'npm install pm2@7 must be able to reach a registry', { cause });
    }
    return folder.path;
  })();
  return installed;
};

/** pm2 with processes of a cluster, changed by `reload`. */
export const startPm2Fleet: StartFleet = async (port, workers) => {
  const folder = await installPm2();
  return startFleet('pm2', { folder, port, workers, killAfterMs: KILL_AFTER_MS } satisfies Pm2Setting, port, workers);
};

/** pm2 with two workers, changed by a new file and `pm2 reload`; serves one site. */
export const startPm2: StartPeer = async (sites, cpu) => {
  const bin = join(await installPm2(), 'node_modules/pm2/bin/pm2');
  const folder = scratchFolder('pm2-site');
  const write = ([site]: readonly Site[]): void => {
    writeFileSync(join(folder.path, 'site.json'), JSON.stringify(site));
  };
  mkdirSync(join(folder.path, 'home'));
  writeFileSync(join(folder.path, 'app.cjs'), APP);
  write(sites);
  const env = { ...process.env, PM2_HOME: join(folder.path, 'home'), PM2_DISCRETE_MODE: 'true' };
  const [program = '', ...args] = [...pinnedTo(cpu), process.execPath, bin];
  const pm2 = async (...verb: readonly string[]): Promise<void> => {
    await run(program, [...args, ...verb], { env, cwd: folder.path });
  };
  const stop = async (): Promise<void> => {
    // Ends its daemon, and with it the workers.
    await pm2('kill');
    folder.remove();
  };
  try {
    await pm2('start', 'app.cjs', '--name', 'site', '-i', '2', '--wait-ready', '--kill-timeout', '1000');
    await allAnswering(sites);
  } catch (cause) {
    await stop();
    throw cause;
  }
  return {
    change: async (next) => {
      write(next);
      await pm2('reload', 'site');
    },
    stop,
  };
};
