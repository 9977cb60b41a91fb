import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../lib/config/address.ts';
import { DesiredWriter } from '../../lib/pool/desired.ts';
import type { Part } from '../../lib/pool/entry.ts';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { readServer } from '../../lib/pool/read-server.ts';
import { SharedHandlers } from '../../lib/pool/shared-handlers.ts';

const handlers = new SharedHandlers(() => new Response());

const keyOf = (text: string): string | undefined => {
  const read = parseAddress(text);
  return read.ok ? formatAddress(read.address) : undefined;
};

const part = (id: string, given: PoolServerConfig, wanted = true): Part => {
  const read = readServer(given, id, (key) => handlers.at(key));
  if (!read.ok) throw new Error(read.issues[0]?.message);
  return { id, wanted, key: formatAddress(read.spec.address), config: read.config, base: read.base, spec: read.spec };
};

describe('what a cluster is told of servers', () => {
  test('is their config, disabled while they are not wanted, and the same object as long as nothing changes', () => {
    const writer = new DesiredWriter(keyOf);
    const on = part('a', { listen: ':1' });
    const off = { ...on, wanted: false };
    const first = writer.write([on]).config.a;
    expect(first).toBe(on.base);
    expect(writer.write([on]).config.a).toBe(first);
    expect(writer.write([off]).config.a).toEqual({ ...on.base, disabled: true });
    expect(writer.write([off]).config.a).toBe(writer.write([off]).config.a);
    const disabled = part('b', { listen: ':2', disabled: true }, false);
    expect(writer.write([disabled]).config.b).toBe(disabled.base);
  });

  test('names those they depend on by id, found by name, by key, or by another spelling of it', () => {
    const writer = new DesiredWriter(keyOf);
    const parts = [
      part('web', { listen: ':1', dependsOn: ['database', 'LOCALHOST:3', ':4'] }),
      part('db', { listen: ':2', name: 'database' }),
      part('cache', { listen: 'localhost:3' }),
      part('queue', { listen: ':4' }),
    ];
    const { config, dangling } = writer.write(parts);
    expect(config.web).toMatchObject({ dependsOn: ['db', 'cache', 'queue'] });
    expect(dangling).toEqual([]);
    expect(writer.write(parts).config.web).toBe(config.web);
    expect(config.db).not.toHaveProperty('dependsOn');
  });

  test('leaves out those who are not there, and says so', () => {
    const writer = new DesiredWriter(keyOf);
    const web = part('web', { listen: ':1', dependsOn: ['db', 'web'] });
    const { config, dangling } = writer.write([web, part('db', { listen: ':2' })]);
    expect(config.web).toBe(web.base);
    expect(dangling).toEqual([
      { part: web, dependency: 'db', namesakes: [] },
      { part: web, dependency: 'web', namesakes: [] },
    ]);
  });
});

test('what only pools know does not reach the cluster', () => {
  const { base, config } = part('a', { listen: ':1', handlerKey: 'api', dependsOn: [] });
  expect(Object.keys(base)).toEqual(['listen', 'app']);
  expect(config).toEqual({ listen: ':1', handlerKey: 'api', dependsOn: [] });
  expect(Object.isFrozen(config)).toBe(true);
  expect(part('b', { listen: ':2', handlerKey: 'api' }).base.app).toBe(base.app);
});
