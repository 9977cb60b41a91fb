import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToWorker } from '../../lib/workers/protocol.ts';
import { packToWorker, readToWorker } from '../../lib/workers/to-worker.ts';

const id = fc.nat();
const text = fc.string();
const amount = fc.double({ min: 0, max: 1e12, noNaN: true });
const reason = fc.constantFrom(
  'stop',
  'restart',
  'scale',
  'memory',
  'age',
  'unresponsive',
  'abandoned',
  'signal',
  'crash',
);

const messages: fc.Arbitrary<ToWorker> = fc.oneof(
  fc.record({
    type: fc.constant('assign'),
    assignment: fc.record({
      slot: id,
      count: id,
      port: id,
      sharing: fc.constantFrom('shared', 'round-robin', 'reuse-port'),
      heartbeatMs: amount,
      orphanDrainMs: amount,
      env: fc.dictionary(text, fc.option(text, { nil: undefined })),
      args: fc.array(text),
    }),
  }),
  fc.record({
    type: fc.constant('drain'),
    request: fc.record({ reason, deadlineMs: amount, handOver: fc.boolean() }),
  }),
  fc.record({ type: fc.constantFrom('bound', 'caught-up') }),
  fc.record({ type: fc.constant('count'), count: id }),
  fc.record({ type: fc.constant('listening'), id, address: text }),
  fc.record({
    type: fc.constant('listen-failed'),
    id,
    error: fc.record({ name: text, message: text, code: text, cause: fc.record({ name: text, message: text }) }),
  }),
  fc.record({ type: fc.constant('connection'), id, connection: id }),
  fc.record({ type: fc.constant('collect'), id, series: fc.boolean() }),
  fc.record({ type: fc.constant('collected'), id, statistics: fc.constant({ total: 1 }) }),
  fc.record({ type: fc.constant('topic'), topic: text, body: fc.constant({ any: ['thing'] }) }),
);

const travelled = (message: ToWorker): unknown => JSON.parse(JSON.stringify(packToWorker(message)));

test('every message arrives as it was sent, variables that are to be taken away among it', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(readToWorker(travelled(message))).toEqual(message);
    }),
  );
});

test('a variable that is taken away is still there as undefined', () => {
  const assignment = {
    slot: 0,
    count: 1,
    port: 0,
    sharing: 'shared',
    heartbeatMs: 0,
    orphanDrainMs: 0,
    env: { KEPT: 'yes', GONE: undefined },
    args: [],
  } as const;
  const read = readToWorker(travelled({ type: 'assign', assignment }));
  expect(read?.type === 'assign' && Object.keys(read.assignment.env)).toEqual(['KEPT', 'GONE']);
});

test('what is no message is refused, and nothing throws', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(readToWorker(value)).toBeUndefined();
    }),
  );
});

test('a message of which one field is damaged is refused', () => {
  for (const message of [
    { type: 'drain', request: { reason: 'boredom', deadlineMs: 1, handOver: true } },
    { type: 'drain', request: { reason: 'stop', deadlineMs: -1, handOver: true } },
    { type: 'drain', request: { reason: 'stop', deadlineMs: 1 } },
    { type: 'count', count: 1.5 },
    { type: 'listening', id: 1 },
    { type: 'listen-failed', id: 1, error: { name: 'Error' } },
    { type: 'assign', assignment: { slot: 1 } },
    { type: 'collect', id: 1 },
    { type: 'topic', body: 1 },
    { type: 'launch' },
  ]) {
    expect(readToWorker(message), JSON.stringify(message)).toBeUndefined();
  }
});
