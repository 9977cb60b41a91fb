import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { answering, controlled } from './controlled.ts';

const text = async (url: string | undefined): Promise<string> => (await fetch(url ?? '')).text();

/** Reads server-sent events until there are as many as wanted. */
const eventsOf = async (response: Response, count: number) => {
  const events: { readonly event: string; readonly data: Record<string, unknown> }[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; reader !== undefined && events.length < count; ) {
    const { done, value } = await reader.read();
    if (done) break;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== '') events.push({ event, data: JSON.parse(data) });
    }
  }
  await reader?.cancel();
  return events;
};

describe('what it tells', () => {
  test('livez, readyz and the cluster, whose tag is the revision in force', async () => {
    const { send, cluster } = await controlled();
    expect(await send('GET', '/livez')).toMatchObject({ status: 200, answer: { status: 'ok' } });
    expect(await send('GET', '/readyz')).toMatchObject({ status: 200, answer: { state: 'Running' } });
    const { status, etag, answer } = await send('GET', '/api/cluster');
    expect({ status, etag }).toEqual({ status: 200, etag: '"2"' });
    expect(answer).toMatchObject({
      state: 'Running',
      process: { name: 'test', pid: 1 },
      servers: [{ id: 'web', state: 'running' }, { id: 'admin' }],
      drained: [],
    });
    await cluster.stop();
    expect((await send('GET', '/readyz')).status).toBe(503);
    expect((await send('GET', '/livez')).status).toBe(200);
  });

  test('what is wrong with the file, without the error behind it, and what is served instead', async () => {
    const { send, file } = await controlled();
    expect((await send('GET', '/api/cluster')).answer).toMatchObject({ problems: [] });
    const problem = { file: 'a.json', line: 3, column: 7, message: 'broken', hint: 'mend it' };
    file.problems = [{ code: 'ERR_SOURCE_SYNTAX', ...problem, cause: new Error('secret') }];
    file.resumedFrom = '2026-11-20T10:00:00.000Z';
    const { answer } = await send('GET', '/api/cluster');
    expect(answer.problems).toEqual([{ code: 'ERR_SOURCE_SYNTAX', ...problem }]);
    expect(answer.resumedFrom).toBe('2026-11-20T10:00:00.000Z');
  });

  test('a stream begins with a snapshot, goes on with changes, and ends when it is told to', async () => {
    const { app, desired, closing$ } = await controlled();
    const response = await app.request('/api/events');
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    void desired.apply({ web: answering('two') });
    const events = await eventsOf(response, 4);
    expect(events[0]).toMatchObject({ event: 'snapshot', data: { state: 'Running' } });
    expect(events.map(({ event }) => event)).toContain('outcome');
    const next = await app.request('/api/events');
    closing$.next();
    expect(await eventsOf(next, 1_000)).toHaveLength(1);
  });

  test('logs are the last lines, and those to come when they are followed', async () => {
    const { app, logs } = await controlled();
    const entry = (line: string) => ({ text: line, isWrong: false, event: { type: 'log' } });
    for (const line of ['one', 'two', 'three']) logs.add(entry(line));
    const past = await eventsOf(await app.request('/api/logs?lines=2'), 10);
    expect(past.map(({ data }) => data.text)).toEqual(['two', 'three']);
    const following = await app.request('/api/logs?lines=0&follow=true');
    logs.add(entry('four\nevent: forged'));
    expect((await eventsOf(following, 1))[0]?.data.text).toBe('four\nevent: forged');
  });

  test('no more than 32 streams at once, and a place is free again when one ends', async () => {
    const { app } = await controlled();
    const streams = await Promise.all(Array.from({ length: 32 }, () => app.request('/api/events')));
    expect((await app.request('/api/events')).status).toBe(429);
    await streams[0]?.body?.cancel();
    expect((await app.request('/api/events')).status).toBe(200);
    for (const stream of streams.slice(1)) await stream.body?.cancel();
  });
});

describe('a config that is put', () => {
  const two = { servers: { web: answering('two') } };

  test('is in force when it is answered, under a new revision', async () => {
    const { send, cluster } = await controlled();
    const { status, etag, answer } = await send('PUT', '/api/config', two, { 'if-match': '"2"' });
    expect({ status, etag }).toEqual({ status: 200, etag: '"3"' });
    expect(answer.outcome).toMatchObject({ status: 'committed', revision: 3 });
    expect(await text(cluster.snapshot.servers.web?.url)).toBe('two');
  });

  test('needs to say which revision it starts from: 428, and 412 when that is not in force any more', async () => {
    const { send, cluster } = await controlled();
    expect((await send('PUT', '/api/config', two)).status).toBe(428);
    for (const stale of ['"1"', 'W/"2"', '2', '"x"']) {
      const { status, answer } = await send('PUT', '/api/config', two, { 'if-match': stale });
      expect([status, answer.error.code]).toEqual([412, 'ERR_STALE_REVISION']);
    }
    expect(cluster.snapshot.revision.applied).toBe(2);
    expect((await send('PUT', '/api/config', two, { 'if-match': '*' })).status).toBe(200);
  });

  test('of two that start from the same revision one is refused', async () => {
    const { send } = await controlled();
    const put = (body: string) =>
      send('PUT', '/api/config', { servers: { web: answering(body) } }, { 'if-match': '"2"' });
    const statuses = (await Promise.all([put('a'), put('b'), put('c')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412, 412]);
  });

  test('of fifty at once that start from the same revision one is carried out, and no other before it is seen', async () => {
    const { send, cluster } = await controlled();
    const bodies = Array.from({ length: 50 }, (_, index) => `body ${index}`);
    const answers = await Promise.all(
      bodies.map((body) => send('PUT', '/api/config', { servers: { web: answering(body) } }, { 'if-match': '"2"' })),
    );
    const won = bodies.filter((_, index) => answers[index]?.status === 200);
    expect(won).toEqual([await text(cluster.snapshot.servers.web?.url)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412, 429]));
    expect(cluster.snapshot.revision).toEqual({ desired: 3, applied: 3 });
  });

  test('that is not valid is 422 with its issues, one that had to be undone 409', async () => {
    const { send, cluster } = await controlled();
    const invalid = await send('PUT', '/api/config', { servers: { web: { listen: 'nowhere' } } }, { 'if-match': '*' });
    expect(invalid).toMatchObject({ status: 422, answer: { error: { code: 'ERR_CONFIG' } } });
    expect(invalid.answer.issues).toContainEqual(expect.objectContaining({ server: 'web', path: 'listen' }));
    const taken = { servers: { web: { ...answering('x'), listen: cluster.snapshot.servers.admin?.address } } };
    const undone = await send(
      'PUT',
      '/api/config',
      { servers: { ...taken.servers, admin: answering('admin') } },
      {
        'if-match': '*',
      },
    );
    expect(undone).toMatchObject({ status: 409, answer: { outcome: { status: 'rolledBack', server: 'web' } } });
    expect(await text(cluster.snapshot.servers.web?.url)).toBe('one');
  });

  test('can be planned first, which changes nothing', async () => {
    const { send, cluster } = await controlled();
    const { status, answer } = await send('POST', '/api/plan', { ...two, commit: 'independent' });
    expect(status).toBe(200);
    expect(answer.plan.changes).toMatchObject([
      { server: 'web', action: 'update' },
      { server: 'admin', action: 'stop' },
    ]);
    expect(answer.notes).toEqual(['commit stays atomic until the next start']);
    expect((await send('POST', '/api/plan', { servers: 5 })).status).toBe(422);
    expect(cluster.snapshot.revision.applied).toBe(2);
  });

  test.each([
    ['a form of a web page', 'servers=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['text that a page may send without asking', '{}', { 'content-type': 'text/plain' }, 415],
    ['nothing', '', {}, 400],
    ['half of it', '{"servers":', {}, 400],
    ['a prototype', '{"servers":{"__proto__":{"listen":"127.0.0.1:0"}}}', {}, 400],
    ['a constructor', '{"servers":{"a":{"constructor":{"prototype":{"x":1}}}}}', {}, 400],
    ['something too deep', `${'['.repeat(65)}${']'.repeat(65)}`, {}, 400],
    ['something much too deep', '['.repeat(500_000), {}, 400],
  ])('%s is refused', async (_, body, headers, status) => {
    const { send, cluster } = await controlled();
    const found = await send('PUT', '/api/config', body, { 'if-match': '*', ...headers });
    expect(found.status).toBe(status);
    expect(found.answer.error).toMatchObject({ code: expect.stringMatching(/^ERR_/), hint: expect.any(String) });
    expect(cluster.snapshot.revision.desired).toBe(2);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});

describe('orders', () => {
  test('restart one server, several, all; drain and resume', async () => {
    const { send, cluster, desired } = await controlled();
    expect(await send('POST', '/api/servers/web/restart')).toMatchObject({ status: 200 });
    expect((await send('POST', '/api/restart', { servers: ['web', 'admin'] })).answer.outcome.changes).toHaveLength(2);
    expect((await send('POST', '/api/restart')).status).toBe(200);
    expect((await send('POST', '/api/servers/web/drain')).status).toBe(200);
    expect(desired.drained).toEqual(['web']);
    expect(cluster.snapshot.servers.web?.state).toBe('stopped');
    expect((await send('POST', '/api/servers/web/resume')).status).toBe(200);
    expect(await text(cluster.snapshot.servers.web?.url)).toBe('one');
  });

  test('about what is not there are 404', async () => {
    const { send } = await controlled();
    for (const path of ['/api/servers/wbe/drain', '/api/servers/x/restart', '/api/servers/__proto__/drain']) {
      expect(await send('POST', path)).toMatchObject({
        status: 404,
        answer: { error: { code: 'ERR_UNKNOWN_SERVER' } },
      });
    }
    expect((await send('POST', '/api/restart', { servers: ['web', 'x'] })).status).toBe(404);
    expect((await send('POST', '/api/restart', { servers: 'web' })).status).toBe(400);
    expect(await send('GET', '/nothing')).toMatchObject({
      status: 404,
      answer: { error: { code: 'ERR_CONTROL_UNKNOWN' } },
    });
  });

  test('ten per second are carried out, more are refused', async () => {
    const { send } = await controlled();
    const statuses: number[] = [];
    for (let index = 0; index < 12; index++) statuses.push((await send('POST', '/api/servers/web/resume')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
    expect(statuses.slice(10)).toContain(429);
  });
});

test('before there is a cluster everything about it is 503', async () => {
  const { createControlApp } = await import('../../lib/admin/control-app.ts');
  const { NEVER } = await import('rxjs');
  const { createLogRing } = await import('../../lib/admin/log-ring.ts');
  const identity = { name: 'test', pid: 1, version: '0.0.0', file: '/a.json', startedAt: 0 };
  const target = { identity, logs: createLogRing(), running: () => undefined };
  const app = createControlApp(target, { transport: { kind: 'unix' }, closing$: NEVER });
  for (const path of ['/readyz', '/api/cluster', '/api/events']) expect((await app.request(path)).status).toBe(503);
  expect((await app.request('/livez')).status).toBe(200);
});

test('the outcome of a drain is that of the cluster', async () => {
  const { desired, cluster } = await controlled();
  const heard = firstValueFrom(cluster.outcomes$);
  expect(await desired.drain('web')).toBe(await heard);
});
