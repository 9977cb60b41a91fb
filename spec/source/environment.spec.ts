import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCluster } from '../../lib/cluster/cluster.ts';
import type { Environment } from '../../lib/config/interpolate.ts';
import { fileSource } from '../../lib/source/file-source.ts';
import type { SourceEvent } from '../../lib/source/source.ts';
import { read, summary, temporaryDirectory } from './reading.ts';

const v = (text: string): string => text.replaceAll('#{', '${');

const load = async (name: string, text: string, env?: Environment | false): Promise<SourceEvent | undefined> => {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, v(text));
  const [event] = await read(fileSource(path, { watch: false, ...(env === undefined ? {} : { env }) })).next(0);
  return event;
};

const problems = (event: SourceEvent | undefined): readonly string[] =>
  (event?.problems ?? []).map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`);

const YAML = `servers:
  web:
    listen: "127.0.0.1:#{PORT}"
    maxConnections: "#{LIMIT}"
    disabled: "#{OFF:-false}"
    routes:
      - path: /
        respond: { body: "$#{PORT} is #{PORT}" }
`;

test('variables of a data file are filled in, texts, numbers and booleans', async () => {
  const event = await load('a.yaml', YAML, { PORT: '8081', LIMIT: '12' });
  expect(event).toMatchObject({
    type: 'loaded',
    servers: {
      web: {
        listen: '127.0.0.1:8081',
        maxConnections: 12,
        disabled: false,
        routes: [{ respond: { body: v('#{PORT} is 8081') } }],
      },
    },
  });
});

test('by default they are those of the process', async () => {
  process.env.SLUICE_SPEC_PORT = '8082';
  try {
    const text = '{"servers": {"web": {"listen": "127.0.0.1:#{SLUICE_SPEC_PORT}", "routes": []}}}';
    expect(summary(await load('a.json', text))).toBe('loaded web=127.0.0.1:8082');
  } finally {
    delete process.env.SLUICE_SPEC_PORT;
  }
});

test('what is missing is a problem with its place, and no empty text', async () => {
  expect(problems(await load('a.yaml', YAML, { OFF: 'maybe' }))).toEqual([
    '3:5 ERR_SOURCE_ENV web.listen: the variable PORT is not set',
    '4:5 ERR_SOURCE_ENV web.maxConnections: the variable LIMIT is not set',
    '8:20 ERR_SOURCE_ENV web.routes.0.respond.body: the variable PORT is not set',
  ]);
  expect(problems(await load('a.json', '{"servers": {}, "commit": "#{MODE}"}', {}))).toEqual([
    '1:17 ERR_SOURCE_ENV commit: the variable MODE is not set',
  ]);
});

test('what is no variable is a problem, and says how to write the text itself', async () => {
  const event = await load('a.json', '{"servers": {"a": {"listen": "#{", "routes": []}}}', {});
  expect(problems(event)).toEqual(['1:20 ERR_SOURCE_ENV a.listen: this is no variable of the environment']);
  expect(event?.problems[0]?.hint).toContain('$${');
});

test('with independent commits only the server that lacks a variable stays behind', async () => {
  const text = `{"commit": "independent", "servers": {
    "good": {"listen": "127.0.0.1:0", "routes": []},
    "bad": {"listen": "127.0.0.1:0", "routes": [], "name": "#{GONE}"}
  }}`;
  const event = await load('a.json', text, {});
  expect(event?.type).toBe('loaded');
  expect(problems(event)).toEqual(['3:52 ERR_SOURCE_ENV bad.name: the variable GONE is not set']);
  const cluster = createCluster({ commit: 'independent' });
  await cluster.start();
  const outcome = await cluster.apply(event?.type === 'loaded' ? event.servers : {});
  expect(outcome).toMatchObject({ status: 'committed', refused: [{ server: 'bad' }] });
  expect(Object.keys(cluster.snapshot.servers)).toEqual(['good']);
  await cluster.stop();
});

test('without an environment such texts are ordinary ones', async () => {
  const event = await load('a.yaml', 'servers: { web: { listen: ":1", name: "#{X}", routes: [] } }', false);
  expect(event).toMatchObject({ type: 'loaded', servers: { web: { name: v('#{X}') } } });
});

test('code reads the environment itself', async () => {
  const text = "export default { servers: { web: { listen: ':1', name: '#{X}', routes: [] } } }";
  expect(await load('a.mjs', text, {})).toMatchObject({ type: 'loaded', servers: { web: { name: v('#{X}') } } });
});

describe('values of the environment are shown nowhere', () => {
  const CANARY = 'canary-7f3a9c51d2e84b60';
  const env: Environment = { SECRET: CANARY, LINES: `${CANARY}\n${CANARY}`, LONG: CANARY.repeat(20) };

  test.each([
    ['a number', '"maxConnections": "#{SECRET}"'],
    ['a number with more around it', '"maxConnections": "x #{SECRET} y"'],
    ['a name with a line break', '"name": "#{LINES}"'],
    ['a name that is too long', '"name": "#{LONG}"'],
    ['a URL', '"expose": "#{SECRET}"'],
    ['an address', '"listen": "#{SECRET}:#{SECRET}"'],
    ['a strategy', '"strategy": "#{SECRET}"'],
    ['an unknown key', '"prot": "#{SECRET}"'],
    ['a header', '"routes": [{"path": "/", "respond": {"headers": {"x": "#{LINES}"}}}]'],
    ['a path', '"routes": [{"path": "#{SECRET}", "respond": {}}]'],
    ['a path that cannot be matched', '"routes": [{"path": "/:a{(#{SECRET}+)+}", "respond": {}}]'],
    [
      'a path that stands twice',
      '"routes": [{"path": "/#{SECRET}", "respond": {}}, {"path": "/#{SECRET}", "respond": {}}]',
    ],
    ['a method', '"routes": [{"path": "/", "methods": ["#{SECRET}"], "respond": {}}]'],
    ['both answers', '"routes": [{"path": "/", "respond": {"body": "#{SECRET}", "json": "#{SECRET}"}}]'],
    ['an app', '"app": "#{SECRET}"'],
    ['restart', '"restart": "#{LONG}"'],
  ])('%s that is wrong is refused without showing it', async (_, member) => {
    const listen = member.startsWith('"listen"') ? '' : '"listen": "127.0.0.1:0",';
    const routes = /"(?:routes|app)"/.test(member) ? '' : '"routes": [],';
    for (const commit of ['atomic', 'independent']) {
      const event = await load(
        'a.json',
        `{"commit": "${commit}", "servers": {"web": {${listen} ${routes} ${member}}}}`,
        env,
      );
      expect(event?.problems.length).toBeGreaterThan(0);
      expect(JSON.stringify(event?.problems)).not.toMatch(/canary|7f3a9c51/);
      if (event?.type !== 'loaded') continue;
      const cluster = createCluster({ commit: 'independent' });
      await cluster.start();
      const outcome = await cluster.apply(event.servers);
      expect(JSON.stringify([outcome, cluster.snapshot])).not.toMatch(/canary|7f3a9c51/);
      await cluster.stop();
    }
  });

  test('the file itself, above its servers, keeps them too', async () => {
    const event = await load('a.json', '{"servers": {}, "commit": "#{SECRET}", "$schema": "#{SECRET}"}', env);
    expect(problems(event)).toEqual(["1:17 ERR_CONFIG commit: the value of SECRET is not 'atomic' or 'independent'"]);
    expect(JSON.stringify(event?.problems)).not.toContain('canary');
  });

  test('a server that runs shows none in its snapshot and answers with them', async () => {
    const text = `{"servers": {"web": {"listen": "127.0.0.1:0", "routes": [
      {"path": "/", "respond": {"body": "#{SECRET}", "headers": {"x-token": "#{SECRET}"}}},
      {"path": "/json", "respond": {"json": {"token": "#{SECRET}"}}}
    ]}}}`;
    const event = await load('a.json', text, env);
    const cluster = createCluster();
    await cluster.start();
    const outcome = await cluster.apply(event?.type === 'loaded' ? event.servers : {});
    expect(outcome.status).toBe('committed');
    expect(JSON.stringify([outcome, cluster.snapshot])).not.toContain('canary');
    const answer = await fetch(`${cluster.snapshot.servers.web?.url}/`);
    expect([await answer.text(), answer.headers.get('x-token')]).toEqual([CANARY, CANARY]);
    await cluster.stop();
  });
});
