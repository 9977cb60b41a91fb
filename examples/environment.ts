// A data file names variables of the environment; what is missing is a problem with its place, and no empty text.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { fileSource } from 'sluice';

const directory = await mkdtemp(join(tmpdir(), 'sluice-'));
const path = join(directory, 'servers.yaml');
const file = `servers:
  shop:
    listen: "127.0.0.1:\${PORT:-8080}"
    maxConnections: "\${LIMIT}"
    routes:
      - path: /
        respond: { headers: { x-token: "\${TOKEN}" } }
`;
await writeFile(path, file);

for (const env of [{ LIMIT: '100', TOKEN: 's3cret' }, { LIMIT: 'many' }]) {
  // #region main
  const event = await firstValueFrom(fileSource(path, { watch: false, env }));
  if (event.type === 'loaded') console.log(event.servers.shop?.listen, event.servers.shop?.maxConnections);
  else for (const { line, column, message } of event.problems) console.log(`${line}:${column}: ${message}`);
  // #endregion
}
await rm(directory, { recursive: true });

// prints:
// 127.0.0.1:8080 100
// 7:31: shop.routes.0.respond.headers.x-token: the variable TOKEN is not set
