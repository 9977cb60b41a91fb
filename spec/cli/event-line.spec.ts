import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventJson } from '../../lib/cli/event-json.ts';
import { complaintLines, eventLine } from '../../lib/cli/event-line.ts';
import { coloured, plain } from '../../lib/cli/paint.ts';
import type { RunEvent } from '../../lib/cli/run-event.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import { anySnapshot, cluster, server } from './snapshots.ts';

const at = new Date('2026-11-20T10:00:00.123Z');
const textOf = (event: RunEvent): string => plain(eventLine(event) ?? []);
const outcome = (over: Record<string, unknown>): RunEvent => ({
  type: 'outcome',
  outcome: { revision: 2, durationMs: 12.34, ...over } as Outcome,
});

const plan = { changes: [{ server: 'web', action: 'update' }], bind: [], release: [], unchanged: [] };
const busy = Object.assign(new Error('cannot bind 127.0.0.1:80: EACCES'), {
  code: 'ERR_BIND',
  hint: 'use another port',
});

const bare = Object.assign(new Error('why'), { stack: undefined });

const anyString = fc.string({ unit: 'binary' });
const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  anyString.map((file): RunEvent => ({ type: 'config', file, status: 'valid', servers: 1 })),
  fc.record({
    type: fc.constant('error' as const),
    code: anyString,
    message: anyString,
    hint: anyString,
    file: anyString,
  }),
  fc.record({
    type: fc.constant('log' as const),
    level: fc.constant('warn' as const),
    message: anyString,
    details: fc.anything(),
  }),
  fc.record({
    type: fc.constant('server' as const),
    id: anyString,
    state: fc.constant('failed' as const),
    address: anyString,
    error: anyString,
  }),
  fc.record({
    type: fc.constant('health' as const),
    id: anyString,
    status: fc.constantFrom('ok', 'warn', 'down' as const),
    rising: fc.boolean(),
    message: anyString,
  }),
  anySnapshot.map((snapshot): RunEvent => ({ type: 'snapshot', snapshot })),
  anyString.map((text) => outcome({ status: 'rolledBack', server: text, cause: new Error(text), unrestored: [] })),
);

describe('one event is one line', () => {
  test('for people, whatever an event contains', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(textOf(event)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test('for programs, whatever an event contains, with its type and its time first', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const text = eventJson(event, at);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(Object.entries(JSON.parse(text)).slice(0, 2)).toEqual([
          ['type', event.type],
          ['at', '2026-11-20T10:00:00.123Z'],
        ]);
      }),
    );
  });
});

describe('for people', () => {
  test('how a server is, and why', () => {
    const event = { type: 'health', id: 'web', rising: false, message: '' } as const;
    expect(textOf({ ...event, status: 'ok' })).toBe('health  web ok');
    expect(textOf({ ...event, status: 'warn', rising: true })).toBe('health  web warn, rising');
    expect(textOf({ ...event, status: 'down', message: 'no answer within 5000 ms' })).toBe(
      'health  web down: no answer within 5000 ms',
    );
  });

  test.each<[RunEvent, string]>([
    [{ type: 'config', file: 'a.json', status: 'valid', servers: 2 }, 'config  a.json is valid: 2 servers'],
    [
      { type: 'config', file: 'a.json', status: 'invalid', problems: 1 },
      'config  a.json is not valid: 1 problem, nothing was changed',
    ],
    [
      { type: 'error', code: 'ERR_X', message: 'broken', hint: 'mend it', file: 'a.json', line: 12, column: 5 },
      'error   a.json:12:5: broken (ERR_X; hint: mend it)',
    ],
    [
      { type: 'error', code: 'ERR_X', message: 'status: must be 301 or 302', hint: 'expected 301 or 302' },
      'error   status: must be 301 or 302 (ERR_X)',
    ],
    [{ type: 'state', state: 'Running', degraded: true }, 'state   Running, degraded'],
    [
      { type: 'server', id: 'web', state: 'running', address: '127.0.0.1:41873', url: 'http://127.0.0.1:41873' },
      'server  web running http://127.0.0.1:41873',
    ],
    [
      { type: 'server', id: 'web', state: 'running', address: '127.0.0.1:1', url: 'https://example.org' },
      'server  web running https://example.org (127.0.0.1:1)',
    ],
    [
      { type: 'server', id: 'web', state: 'starting', address: 'x:1', url: 'http://x:1', restarts: 1, error: 'gone' },
      'server  web starting http://x:1 after 1 restart: gone',
    ],
    [
      { type: 'server', id: 'web', state: 'draining', address: '127.0.0.1:1', connections: 3 },
      'server  web draining 127.0.0.1:1 with 3 connections',
    ],
    [outcome({ status: 'committed', plan, refused: [] }), 'outcome 2 committed in 12 ms: update web'],
    [
      outcome({ status: 'committed', plan, refused: [{ server: 'api', cause: busy, issues: [] }] }),
      'outcome 2 committed in 12 ms: update web, api stays behind',
    ],
    [
      outcome({
        status: 'committed',
        plan: { ...plan, changes: [{ server: 'web', action: 'update', fields: [] }] },
        refused: [],
      }),
      'outcome 2 committed in 12 ms: restart web',
    ],
    [outcome({ status: 'unchanged' }), 'outcome 2 unchanged: this is what runs'],
    [outcome({ status: 'rejected', issues: [] }), 'outcome 2 rejected: not valid, nothing was touched'],
    [
      outcome({ status: 'rolledBack', server: 'web', cause: busy, unrestored: [] }),
      'outcome 2 rolledBack in 12 ms: web could not be prepared, nothing was changed',
    ],
    [
      outcome({
        status: 'rolledBack',
        server: 'web',
        cause: busy,
        unrestored: [{ server: 'api', cause: busy, issues: [] }],
      }),
      'outcome 2 rolledBack in 12 ms: web could not be prepared, api could not be put back',
    ],
    [outcome({ status: 'superseded' }), 'outcome 2 superseded: a newer one took its place'],
    [outcome({ status: 'cancelled' }), 'outcome 2 cancelled: stopping'],
    [{ type: 'log', level: 'warn', message: 'slow', details: { ms: 5 } }, 'warn    slow {"ms":5}'],
    [{ type: 'log', level: 'error', message: 'failed', details: bare }, 'error   failed: why'],
    [
      { type: 'log', level: 'error', message: 'failed', details: { id: 1, error: bare } },
      'error   failed {"id":1,"error":"why"}',
    ],
    [
      {
        type: 'log',
        level: 'error',
        message: 'server web: request r1 failed',
        details: { requestId: 'r1', method: 'GET', path: '/a?b=1', headersWritten: false, error: bare },
      },
      'error   server web: request r1 failed: GET /a?b=1: why',
    ],
    [
      {
        type: 'log',
        level: 'warn',
        message: 'gone',
        details: { requestId: 'r1', method: 'GET', path: '/', error: 'why' },
      },
      'warn    gone: GET /: why (request r1)',
    ],
    [{ type: 'stopped', cut: 0, durationMs: 27.4 }, 'stopped nothing was cut, in 27 ms'],
    [{ type: 'stopped', cut: 2, durationMs: 61_000 }, 'stopped 2 connections had to be cut, in 1m 01s'],
  ])('%j', (event, text) => {
    expect(textOf(event)).toBe(text);
  });

  test('a snapshot is for programs only', () => {
    expect(eventLine({ type: 'snapshot', snapshot: cluster([]) })).toBeUndefined();
  });

  test('many changes are counted after the first six', () => {
    const changes = Array.from({ length: 1_000 }, (_, index) => ({ server: `s${index}`, action: 'start' }));
    const text = textOf(outcome({ status: 'committed', plan: { ...plan, changes }, refused: [] }));
    expect(text).toBe(
      'outcome 2 committed in 12 ms: start s0, start s1, start s2, start s3, start s4, start s5, and 994 more',
    );
  });

  test('a complaint at the end of a command has its hint on a line of its own, and a stack only when nobody foresaw it', () => {
    const lines = complaintLines({
      code: 'ERR_X',
      message: 'broken',
      hint: 'mend it',
      stack: 'at f (a.ts:1)',
    });
    expect(lines.map(plain)).toEqual(['error   broken (ERR_X)', 'hint    mend it', '        at f (a.ts:1)']);
  });

  test('a hint that says what the message says is left out', () => {
    const lines = complaintLines({ code: 'ERR_X', message: 'status: must be 301 or 302', hint: 'expected 301 or 302' });
    expect(lines.map(plain)).toEqual(['error   status: must be 301 or 302 (ERR_X)']);
  });

  test('colours change nothing but colours', () => {
    const line = eventLine({ type: 'state', state: 'Running', degraded: false }) ?? [];
    expect(coloured(line)).toBe('\u001b[1mstate   \u001b[22mRunning');
  });
});

test('an error in a log entry brings the frame that says most, for programs all of them', () => {
  const details = {
    error: Object.assign(new Error('why'), { stack: 'Error: why\n    at f (a.ts:1:2)\n    at g (a.ts:3:4)' }),
  };
  const event: RunEvent = { type: 'log', level: 'error', message: 'failed', details };
  expect(textOf(event)).toBe('error   failed {"error":"why at f (a.ts:1)"}');
  expect(JSON.parse(eventJson(event, at)).details).toEqual({ error: { message: 'why', stack: details.error.stack } });
});

test('details that cannot be read are left out', () => {
  const details = { requestId: 'r1', method: 'GET', path: '/', error: Object.create(null) };
  expect(textOf({ type: 'log', level: 'error', message: 'failed', details })).toBe('error   failed');
});

test('the frame of an error is one of the configuration, not of Sluice or a package', () => {
  const own = fileURLToPath(new URL('../../lib/server/http/app.ts', import.meta.url));
  const stack = `Error: why\n    at a (file://${own}:1:2)\n    at b (/x/node_modules/hono/a.js:1:2)\n    at c (c.ts:3:4)`;
  const details = Object.assign(new Error('why'), { stack });
  expect(textOf({ type: 'log', level: 'error', message: 'failed', details })).toBe('error   failed: why at c (c.ts:3)');
});

describe('for programs', () => {
  test('how a server is, field by field', () => {
    const event = { type: 'health', id: 'web', status: 'down', rising: false, message: 'no answer' } as const;
    expect(JSON.parse(eventJson(event, at))).toEqual({ ...event, at: at.toISOString() });
  });

  test('an outcome says what changed, and errors are data', () => {
    const event = outcome({ status: 'rolledBack', server: 'web', cause: busy, unrestored: [] });
    expect(JSON.parse(eventJson(event, at))).toEqual({
      type: 'outcome',
      at: '2026-11-20T10:00:00.123Z',
      revision: 2,
      status: 'rolledBack',
      durationMs: 12.3,
      server: 'web',
      cause: { code: 'ERR_BIND', message: 'cannot bind 127.0.0.1:80: EACCES', hint: 'use another port' },
      unrestored: [],
    });
  });

  test('a snapshot lists its servers in order, each with its error as data', () => {
    const snapshot = cluster([server('b'), server('a', { state: 'failed', error: busy })]);
    expect(JSON.parse(eventJson({ type: 'snapshot', snapshot }, at))).toMatchObject({
      state: 'Running',
      servers: [{ id: 'b' }, { id: 'a', error: { code: 'ERR_BIND' } }],
    });
  });
});
