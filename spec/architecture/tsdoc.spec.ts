import { expect, test } from 'vitest';
import { inMemoryProgram, undocumented } from './tsdoc.ts';

const door = (room: string, names: string): readonly string[] =>
  undocumented(
    inMemoryProgram({ 'lib/a.ts': `export ${names} from './room/a.ts';`, 'lib/room/a.ts': room }),
    'lib/a.ts',
  );

test('documented constants, functions, classes and types pass', () => {
  const room = `
/** A constant. */ export const a = () => 1;
/** A function. */ export function b() {}
/** A class. */ export class C {}
/** A type. */ export type D = 1;
/** An interface. */ export interface E {}`;
  expect(door(room, '{ a, b, C, type D, type E }')).toEqual([]);
});

test('what has no comment, an ordinary comment, or tags alone is named', () => {
  const room = `
export const a = 1;
// Not TSDoc.
export class B {}
/** @internal */
export interface C {}
/** Documented. */
export const d = 1;`;
  expect(door(room, '{ a, B, type C, d }')).toEqual([
    'lib/a.ts: a has no TSDoc',
    'lib/a.ts: B has no TSDoc',
    'lib/a.ts: C has no TSDoc',
  ]);
});

test('a re-export on the way is followed to the declaration', () => {
  const program = inMemoryProgram({
    'lib/a.ts': `export { b as a } from './room/a.ts';`,
    'lib/room/a.ts': `/** Not here. */ export { b } from './b.ts';`,
    'lib/room/b.ts': `export const b = 1;`,
  });
  expect(undocumented(program, 'lib/a.ts')).toEqual(['lib/a.ts: a has no TSDoc']);
});

test('a door that is not in the program is an error, not a pass', () => {
  expect(() => undocumented(inMemoryProgram({}), 'lib/a.ts')).toThrow('lib/a.ts is not a module');
});
