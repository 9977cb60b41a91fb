import fc from 'fast-check';
import { expect, test } from 'vitest';
import { open, seal } from '../../lib/workers/envelope.ts';
import { PROTOCOL } from '../../lib/workers/protocol.ts';

const travelled = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('what was sealed is opened as it was, after any journey', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (message) => {
      expect(open(travelled(seal(message)))).toEqual({ type: 'message', message: travelled(message) });
    }),
  );
});

test('whatever users send is foreign', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(open(value)).toEqual({ type: 'foreign' });
    }),
  );
});

test('an envelope of another release is told by its number, and its message can be read', () => {
  const envelope = { ...seal({ type: 'hello' }), 'sluice/workers': PROTOCOL + 1 };
  expect(open(envelope)).toEqual({ type: 'skewed', protocol: PROTOCOL + 1, message: { type: 'hello' } });
});

test.each([undefined, null, 'one', 1.5, {}])(
  'a number that is none (%s) makes a message that cannot be read',
  (number) => {
    expect(open({ 'sluice/workers': number, message: { type: 'ready' } })).toEqual({
      type: 'message',
      message: undefined,
    });
  },
);
