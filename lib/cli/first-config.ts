/** A first configuration: one server that answers, in each of the formats. `undefined` for a name that says none. Pure. */
export const firstConfig = (extension: string): string | undefined => {
  switch (extension) {
    case '.json':
      return JSON_TEXT;
    case '.yaml':
    case '.yml':
      return YAML_TEXT;
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return CODE_TEXT;
    default:
      return undefined;
  }
};

const JSON_TEXT = `{
  "$schema": "./node_modules/sluice/dist/config.schema.json",
  "servers": {
    "web": {
      "listen": "127.0.0.1:8080",
      "routes": [
        { "path": "/", "respond": { "body": "hello\\n" } },
        { "path": "/healthz", "respond": { "json": { "ok": true } } }
      ]
    }
  }
}
`;

const YAML_TEXT = `# yaml-language-server: $schema=./node_modules/sluice/dist/config.schema.json
servers:
  web:
    listen: 127.0.0.1:8080
    routes:
      - path: /
        respond: { body: "hello\\n" }
      - path: /healthz
        respond: { json: { ok: true } }
`;

const CODE_TEXT = `import { defineConfig } from 'sluice';

export default defineConfig({
  servers: {
    web: {
      listen: '127.0.0.1:8080',
      app: (request) => new Response(\`hello from \${new URL(request.url).pathname}\\n\`),
    },
  },
});
`;
