import { expect, test } from 'vitest';
import { kindAt } from '../../lib/config/kind-at.ts';

test.each([
  ['servers.web.headersTimeoutMs', 'number'],
  ['servers.web.maxConnections', 'number'],
  ['servers.web.restart.intensity', 'number'],
  ['servers.web.routes.3.respond.status', 'number'],
  ['servers.web.disabled', 'boolean'],
  ['servers.web.listen', 'text'],
  ['servers.web.routes.0.respond.body', 'text'],
  ['servers.web.routes.0.respond.json', 'text'],
  ['servers.web.routes.0.respond.json.n', 'text'],
  ['servers.web.routes.0.respond.headers.age', 'text'],
  ['servers.web.routes.0.redirect.status', 'number'],
  ['servers.web.routes.0.proxy.retries', 'number'],
  ['servers.web.routes.0.proxy.websocket', 'boolean'],
  ['servers.web.routes.0.proxy', 'text'],
  ['servers.web.middleware.0.timeout', 'number'],
  ['servers.web.middleware.0.cors', 'boolean'],
  ['commit', 'text'],
  ['servers', 'text'],
  ['nowhere.at.all', 'text'],
  ['servers.web.toString', 'text'],
])('a value at %s is a %s', (path, kind) => {
  expect(kindAt(path.split('.'))).toBe(kind);
});
