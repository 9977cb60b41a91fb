import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { exitOf, spawnOwned } from '../harness/child.ts';
import { freePorts, need, pinnedTo } from '../harness/machine.ts';
import { allAnswering, type Site, type StartPeer, scratchFolder } from './peer.ts';

const configOf = (sites: readonly Site[], admin: string): string =>
  JSON.stringify({
    admin: { listen: admin, config: { persist: false } },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: Object.fromEntries(
          sites.map(({ port, body }) => [
            `site${port}`,
            {
              listen: [`127.0.0.1:${port}`],
              automatic_https: { disable: true },
              routes: [{ handle: [{ handler: 'static_response', body }] }],
            },
          ]),
        ),
      },
    },
  });

const post = (url: string, body: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const load = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`caddy answered ${response.statusCode} to ${url}`));
      });
    });
    load.once('error', reject);
    load.end(body);
  });

/** Caddy, changed by a whole configuration to `POST /load` of its admin API. */
export const startCaddy: StartPeer = async (sites, cpu) => {
  const caddy = need('caddy', 'apt-get install caddy');
  const folder = scratchFolder('caddy');
  const [adminPort = 0] = await freePorts(1);
  const admin = `127.0.0.1:${adminPort}`;
  const file = join(folder.path, 'caddy.json');
  writeFileSync(file, configOf(sites, admin));
  const child = spawnOwned([...pinnedTo(cpu), caddy, 'run', '--config', file], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path },
  });
  const exited = exitOf(child);
  await allAnswering(sites);
  return {
    change: (next) => post(`http://${admin}/load`, configOf(next, admin)),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      folder.remove();
    },
  };
};
