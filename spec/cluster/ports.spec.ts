import { expect, test } from 'vitest';
import type { Standing } from '../../lib/cluster/plan.ts';
import { Ports } from '../../lib/cluster/ports.ts';
import { spec, standing } from './fixtures/specs.ts';

const stood = (id: string, listen: string, at: string): Standing => standing(spec(id, listen), at);

const desired = (...ids: readonly string[]) => new Map(ids.map((id) => [id, spec(id, ':0')]));

test('ports that were found are remembered as those of servers that are down, others are not remembered', () => {
  const ports = new Ports();
  const a = stood('a', ':0', ':41873');
  const b = stood('b', ':8000-8010', ':8001');
  const ended = new Map([
    ['a', a],
    ['b', b],
    ['c', stood('c', ':80', ':80')],
    ['d', stood('d', ':0', ':0')],
  ]);
  ports.remember(ended);
  expect(ports.standings(new Map(), desired('a', 'b', 'c', 'd'))).toEqual(
    new Map([
      ['a', { ...a, up: false }],
      ['b', { ...b, up: false }],
    ]),
  );
});

test('what stands in this life, and what is not wanted, is not looked up', () => {
  const ports = new Ports();
  ports.remember(
    new Map([
      ['a', stood('a', ':0', ':41873')],
      ['b', stood('b', ':0', ':41874')],
    ]),
  );
  const here = new Map([['a', stood('a', ':0', ':50000')]]);
  expect(ports.standings(here, desired('a'))).toEqual(here);
});

test('a server that is in its place again is forgotten', () => {
  const ports = new Ports();
  ports.remember(new Map([['a', stood('a', ':0', ':41873')]]));
  ports.forget('a');
  const here = new Map<string, Standing>();
  expect(ports.standings(here, desired('a'))).toBe(here);
});

test('a server that stops is remembered by itself, until the config does not have it any more', () => {
  const ports = new Ports();
  const a = stood('a', ':0', ':41873');
  ports.rememberOne('a', a);
  ports.rememberOne('b', stood('b', ':0', ':41874'));
  ports.rememberOne('c', stood('c', ':80', ':80'));
  ports.keepOnly(desired('a', 'c'));
  expect(ports.standings(new Map(), desired('a', 'b', 'c'))).toEqual(new Map([['a', { ...a, up: false }]]));
});
