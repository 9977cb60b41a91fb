import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coreOf, coresInCpuinfo } from '../../lib/cpus/core.ts';

test('CPUs of one core have the same, by whichever file says so', () => {
  expect(coreOf({ coreCpusList: '0-1,4-5\n' })).toBe(coreOf({ threadSiblingsList: '4,0,1,5' }));
  expect(coreOf({ coreCpusList: '0\n' })).not.toBe(coreOf({ coreCpusList: '1\n' }));
});

test('the same core id in another package or die is another core', () => {
  const at = (packageId: string, dieId: string | undefined) => coreOf({ packageId, dieId, coreId: '0\n' });
  expect(new Set([at('0\n', '0\n'), at('1\n', '0\n'), at('0\n', '1\n')]).size).toBe(3);
  expect(at('0\n', undefined)).toBe(at('0\n', '0\n'));
});

test('lists win over ids', () => {
  expect(coreOf({ coreCpusList: '2', threadSiblingsList: '0-9', coreId: '7' })).toBe(coreOf({ coreCpusList: '2' }));
  expect(coreOf({ threadSiblingsList: '2', coreId: '7' })).toBe(coreOf({ coreCpusList: '2' }));
});

test('a kernel that does not know says nothing', () => {
  expect(coreOf({})).toBeUndefined();
  expect(coreOf({ packageId: '-1\n', coreId: '-1\n' })).toBeUndefined();
  expect(coreOf({ coreCpusList: '\n', packageId: '0' })).toBeUndefined();
});

test('cpuinfo is read by blocks, and those without ids are left out', () => {
  const text = [
    'processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n',
    'processor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\n',
    'processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\n',
    'processor\t: 3\nBogoMIPS\t: 50.00\n',
    'Hardware\t: BCM2835\n',
  ].join('\n');
  const cores = coresInCpuinfo(text);
  expect([...cores.keys()]).toEqual([0, 1, 2]);
  expect(cores.get(0)).toBe(cores.get(1));
  expect(cores.get(0)).not.toBe(cores.get(2));
});

test('no text makes it throw', () => {
  const line = fc.oneof(fc.string(), fc.constantFrom('processor\t: 1', 'core id : x', 'physical id:', '\n'));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      coresInCpuinfo(lines.join('\n'));
      coreOf({ coreCpusList: lines[0], threadSiblingsList: lines[1], packageId: lines[2], coreId: lines[3] });
    }),
  );
});
