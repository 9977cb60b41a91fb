import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exitOf, spawnOwned } from '../harness/child.ts';
import { need, pinnedTo } from '../harness/machine.ts';
import { allAnswering, type Site, type StartPeer, scratchFolder } from './peer.ts';

const run = promisify(execFile);

const configOf = (sites: readonly Site[]): string => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr emerg;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
${sites
  .map(({ port, body }) => `  server { listen 127.0.0.1:${port}; location / { return 200 "${body}"; } }`)
  .join('\n')}
}
`;

/** nginx, changed by a new file and `nginx -s reload`. */
export const startNginx: StartPeer = async (sites, cpu) => {
  const nginx = need('nginx', 'apt-get install nginx-light');
  const folder = scratchFolder('nginx');
  const file = join(folder.path, 'nginx.conf');
  writeFileSync(file, configOf(sites));
  const command = [nginx, '-p', folder.path, '-c', file, '-e', 'stderr'];
  const child = spawnOwned([...pinnedTo(cpu), ...command], { stdio: 'ignore' });
  const exited = exitOf(child);
  await allAnswering(sites);
  return {
    change: async (next) => {
      writeFileSync(file, configOf(next));
      await run(nginx, [...command.slice(1), '-s', 'reload']);
    },
    stop: async () => {
      // SIGTERM and not SIGKILL: its workers end with it.
      child.kill('SIGTERM');
      await exited;
      folder.remove();
    },
  };
};
