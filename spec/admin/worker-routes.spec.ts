import { describe, expect, test } from 'vitest';
import { controlled } from './controlled.ts';
import { FakeWorkers, slotOf } from './fake-workers.ts';

const onWorkers = async () => {
  const workers = new FakeWorkers();
  return { workers, ...(await controlled({ kind: 'unix' }, workers)) };
};

describe('workers', () => {
  test('are listed with their numbers, and with how they ended', async () => {
    const { workers, send } = await onWorkers();
    const error = Object.assign(new Error('no database'), { code: 'ERR_DB', hint: 'start it' });
    const lastExit = { code: 1, signal: null, crash: true, forced: false, at: 5, error };
    workers.slots = [slotOf(0), slotOf(1, { state: 'disabled', pid: 0, lastExit, error })];
    const { status, answer } = await send('GET', '/api/workers');
    expect(status).toBe(200);
    expect(answer).toMatchObject({ state: 'Running', count: 2, active: 1, restarting: false, stats: { total: 2 } });
    const view = { code: 'ERR_DB', message: 'no database', hint: 'start it' };
    expect(answer.workers[1]).toMatchObject({ state: 'disabled', error: view, lastExit: { code: 1, error: view } });
  });

  test('are replaced, and what came of it is told', async () => {
    const { workers, send } = await onWorkers();
    expect(await send('POST', '/api/workers/restart')).toMatchObject({
      status: 200,
      answer: { report: { status: 'done', replaced: [0, 1] } },
    });
    const cause = Object.assign(new Error('a restart is under way'), { code: 'ERR_BUSY', hint: 'wait for it' });
    workers.report = { ...workers.report, status: 'refused', replaced: [], kept: [0, 1], cause };
    expect(await send('POST', '/api/workers/restart')).toMatchObject({
      status: 409,
      answer: {
        report: { status: 'refused', kept: [0, 1], cause: { code: 'ERR_BUSY' } },
        error: { code: 'ERR_BUSY', message: 'a restart is under way', hint: 'wait for it' },
      },
    });
  });

  test('become as many as they are to be', async () => {
    const { workers, send } = await onWorkers();
    expect(await send('POST', '/api/workers/scale', { count: 4 })).toMatchObject({
      status: 200,
      answer: { active: 4 },
    });
    for (const body of [undefined, {}, { count: 0 }, { count: 1.5 }, { count: 'many' }, { count: 99_999 }, 7]) {
      expect(await send('POST', '/api/workers/scale', body)).toMatchObject({
        status: 400,
        answer: { error: { code: 'ERR_CONTROL_BODY' } },
      });
    }
    workers.failure = Object.assign(new Error('they stop'), { code: 'ERR_STOPPING', hint: 'start anew' });
    expect(await send('POST', '/api/workers/scale', { count: 2 })).toMatchObject({
      status: 409,
      answer: { error: { code: 'ERR_STOPPING', message: 'they stop', hint: 'start anew' } },
    });
    expect(workers.orders).toEqual(['scale 4', 'scale 2']);
  });

  test('get another chance one by one', async () => {
    const { workers, send } = await onWorkers();
    expect(await send('POST', '/api/workers/1/enable')).toMatchObject({ status: 200, answer: { slot: 1, pid: 101 } });
    for (const slot of ['2', '-1', '1e0', '01x']) {
      expect(await send('POST', `/api/workers/${slot}/enable`)).toMatchObject({
        status: 404,
        answer: { error: { code: 'ERR_UNKNOWN_WORKER', hint: 'workers are 0 to 1' } },
      });
    }
    workers.failure = new Error('it crashed again');
    expect((await send('POST', '/api/workers/0/enable')).status).toBe(409);
    expect(workers.orders).toEqual(['enable 1', 'enable 0']);
  });

  test('take no more orders per second than anybody else', async () => {
    const { send } = await onWorkers();
    const statuses: number[] = [];
    for (let index = 0; index < 12; index++) statuses.push((await send('POST', '/api/workers/restart')).status);
    expect(statuses).toContain(429);
  });

  test('let names stand for code in what is put, which only they find', async () => {
    const { send } = await onWorkers();
    const servers = { web: { listen: '127.0.0.1:0', app: './app.ts' } };
    // The cluster of this test serves in one process, and refuses what only workers could load.
    expect(await send('PUT', '/api/config', { servers }, { 'if-match': '*' })).toMatchObject({
      status: 422,
      answer: { outcome: { status: 'rejected' } },
    });
    const noted = await send('POST', '/api/plan', { servers: {}, workers: 7 });
    expect(noted.answer.notes).toEqual(['workers stay as they are: sluice workers scale changes how many there are']);
  });

  test('tell what happens to them on the stream of events', async () => {
    const { workers, app } = await onWorkers();
    const response = await app.request('/api/events');
    const reader = response.body?.getReader();
    workers.told$.next({ type: 'respawning', at: 1, slot: 1, delayMs: 100 });
    let text = '';
    while (!text.includes('event: worker')) text += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(text).toContain('event: worker\ndata: {"event":"respawning","slot":1,"delayMs":100}\n');
  });
});

test.each([
  ['GET', '/api/workers'],
  ['POST', '/api/workers/restart'],
  ['POST', '/api/workers/scale'],
  ['POST', '/api/workers/0/enable'],
])('where there are no workers, %s %s is refused', async (method, path) => {
  const { send } = await controlled();
  expect(await send(method, path, method === 'GET' ? undefined : { count: 2 })).toMatchObject({
    status: 409,
    answer: { error: { code: 'ERR_NO_WORKERS', hint: expect.stringContaining('sluice run --workers auto') } },
  });
});
