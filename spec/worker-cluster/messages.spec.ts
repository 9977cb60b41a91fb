import { describe, expect, test } from 'vitest';
import { type FromAgent, readFromAgent, readToAgent, type ToAgent } from '../../lib/worker-cluster/messages.ts';

const config = {
  epoch: 1,
  revision: 2,
  servers: { a: { listen: '127.0.0.1:80', routes: [{ path: '/', respond: { json: { constructor: [1, null] } } }] } },
  marks: { a: [{ path: 'name', written: 'x', values: { X: 'y' } }] },
};
const settings = {
  name: 'cluster',
  strategy: 'hot-swap' as const,
  restartDelayMs: 10,
  startTimeoutMs: 10,
  shutdownTimeoutMs: 10,
  baseDir: '/srv',
};
const error = { name: 'Error', message: 'no', code: 'ERR_X', cause: { name: 'Error', message: 'deeper' } };

const toAgent: readonly ToAgent[] = [
  { type: 'catch-up', settings: { ...settings, code: '/srv/code.ts' }, config },
  { type: 'admit' },
  { type: 'prepare', round: 1, commit: 'atomic', config, renew: ['a'] },
  { type: 'switch', round: 1 },
  { type: 'abort', round: 1 },
  { type: 'leave', drainTimeoutMs: 0 },
];

const fromAgent: readonly FromAgent[] = [
  { type: 'join' },
  { type: 'caught-up', epoch: 0 },
  { type: 'prepared', round: 3 },
  { type: 'refused', round: 3, refusals: [{ server: '', cause: error, issues: [] }], unrestored: [] },
  { type: 'switched', round: 3 },
  { type: 'undone', round: 3, unrestored: [] },
  {
    type: 'report',
    report: {
      epoch: 1,
      revision: 1,
      servers: {
        a: {
          state: 'running',
          address: '127.0.0.1:80',
          url: 'http://127.0.0.1',
          since: 1,
          connections: 0,
          inFlight: 0,
          restarts: 0,
          error,
        },
        b: null,
      },
      draining: [{ server: 'b', address: '127.0.0.1:81', connections: 1, since: 2 }],
      listening: ['127.0.0.1:80'],
    },
  },
  { type: 'log', lines: [{ level: 'warn', message: 'x', details: { type: 'error', error } }], dropped: 0 },
  { type: 'leaving' },
  { type: 'left', cut: 0 },
];

describe('messages survive the way to another process', () => {
  test.each(toAgent)('to an agent: $type', (message) => {
    expect(readToAgent(structuredClone(message))).toEqual(message);
    expect(readToAgent(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });
  test.each(fromAgent)('from an agent: $type', (message) => {
    expect(readFromAgent(structuredClone(message))).toEqual(message);
    expect(readFromAgent(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });
});

test.each([undefined, null, 1, 'join', {}, { type: 'other' }, { type: 'switch' }, { type: 'switch', round: -1 }])(
  'what is no message is dropped: %j',
  (body) => {
    expect(readToAgent(body)).toBeUndefined();
    if (body !== null && typeof body === 'object' && 'type' in body) expect(readFromAgent(body)).toBeUndefined();
  },
);
