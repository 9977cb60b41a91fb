import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTls } from '../../lib/pool/default-tls.ts';

const shared = { cert: 'shared.crt', key: 'shared.key', passphrase: 'secret', minVersion: 'TLSv1.3' } as const;

test('a setting of its own takes the place of the shared one, and the others stay', () => {
  expect(mergeTls(shared, { minVersion: 'TLSv1.2', watch: false })).toEqual({
    ...shared,
    minVersion: 'TLSv1.2',
    watch: false,
  });
  expect(mergeTls(shared, {})).toEqual(shared);
  expect(mergeTls(shared, { minVersion: undefined as never })).toEqual(shared);
});

test('a certificate comes with its own key', () => {
  const own = { cert: 'own.crt', key: 'own.key' };
  expect(mergeTls(shared, own)).toEqual({ ...own, minVersion: 'TLSv1.3' });
  // A key that was forgotten is missing, not that of another certificate.
  expect(mergeTls(shared, { cert: 'own.crt' })).toEqual({ cert: 'own.crt', minVersion: 'TLSv1.3' });
});

test('lists are joined, the shared members first', () => {
  const one = { cert: 'one.crt', key: 'one.key' };
  const two = { cert: 'two.crt', key: 'two.key' };
  expect(mergeTls({ ...shared, certificates: [one], ca: 'a.crt' }, { certificates: [two], ca: ['b.crt'] })).toEqual({
    ...shared,
    certificates: [one, two],
    ca: ['a.crt', 'b.crt'],
  });
});

test('who asks no client for a certificate takes over nobody who would vouch for one', () => {
  expect(mergeTls({ ...shared, ca: 'a.crt', clientAuth: 'require' }, { clientAuth: 'none' })).toEqual({
    ...shared,
    clientAuth: 'none',
  });
});

test('merging leaves both as they are, and merging twice adds nothing to what is no list', () => {
  const settings = fc.record(
    {
      cert: fc.constantFrom('a', 'b'),
      key: fc.constantFrom('a', 'b'),
      passphrase: fc.constantFrom('a', 'b'),
      watch: fc.boolean(),
      minVersion: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(settings, settings, (base, own) => {
      const before = JSON.stringify([base, own]);
      const merged = mergeTls(base, own);
      expect(JSON.stringify([base, own])).toBe(before);
      expect(merged).toMatchObject(own);
      expect(mergeTls(merged, own)).toEqual(merged);
    }),
  );
});
