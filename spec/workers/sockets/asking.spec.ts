import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Address } from '../../../lib/config/address.ts';
import { type Asked, Asking } from '../../../lib/workers/sockets/asking.ts';

const any: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

test('an address that says which has one name for everybody', () => {
  const asking = new Asking();
  const address: Address = { ...any, port: 8080 };
  expect([asking.ask(address).name, asking.ask(address).name, new Asking().ask(address).name]).toEqual([
    '127.0.0.1:8080',
    '127.0.0.1:8080',
    '127.0.0.1:8080',
  ]);
  expect(asking.ask({ kind: 'unix', path: '/run/x.sock' }).name).toBe('unix:/run/x.sock');
});

test('any port is another one each time, and the first of one process is the first of all', () => {
  const [one, two] = [new Asking(), new Asking()];
  const names = [one.ask(any).name, one.ask(any).name];
  expect(new Set(names).size).toBe(2);
  expect([two.ask(any).name, two.ask(any).name]).toEqual(names);
  expect(one.ask({ ...any, host: '' }).name).not.toBe(names[0]);
  expect(one.ask({ ...any, range: { first: 1, last: 2 } }).name).not.toBe(names[0]);
});

test('whatever is asked for and given back, no two have the same name at once, and the lowest is taken first', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(8), { nil: undefined })), (steps) => {
      const asking = new Asking();
      const held: Asked[] = [];
      for (const step of steps) {
        if (step === undefined) {
          const taken = new Set(held.map(({ name }) => name));
          const lowest = [...Array(held.length + 1).keys()].find((n) => !taken.has(`127.0.0.1:0#${n}`));
          const asked = asking.ask(any);
          expect(asked.name).toBe(`127.0.0.1:0#${lowest}`);
          held.push(asked);
        } else held.splice(step, 1)[0]?.release();
      }
    }),
  );
});
