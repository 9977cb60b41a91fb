// Writes the JSON Schema of the config file into the built package: `node --import jiti/register docs/config-schema.ts`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toConfigSchema } from './config-json-schema.ts';

const dist = join(import.meta.dirname, '..', 'dist');
mkdirSync(dist, { recursive: true });
writeFileSync(join(dist, 'config.schema.json'), `${JSON.stringify(toConfigSchema(), undefined, 2)}\n`);
