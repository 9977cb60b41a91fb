import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFifo } from '../../lib/reactive/fifo.ts';

test('an empty line gives nothing, and a waiting undefined is something', () => {
  const line = createFifo<number | undefined>();
  expect(line.shift()).toBeUndefined();
  line.push(undefined);
  expect(line.size).toBe(1);
  expect(line.shift()).toMatchObject({ value: undefined });
  expect(line.shift()).toBeUndefined();
});

test('it behaves like an array with push and shift', () => {
  const command = fc.oneof(fc.record({ push: fc.integer() }), fc.constant('shift' as const));
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const line = createFifo<number>();
      const model: number[] = [];
      for (const step of commands) {
        if (step === 'shift') expect(line.shift()?.value).toBe(model.shift());
        else {
          line.push(step.push);
          model.push(step.push);
        }
        expect(line.size).toBe(model.length);
      }
    }),
  );
});
