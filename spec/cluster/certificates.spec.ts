import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { type CertificateReport, Certificates } from '../../lib/cluster/certificates.ts';
import { isWorthTelling, narrateReport } from '../../lib/cluster/narrate.ts';
import type { CertificateStatus, Encryption } from '../../lib/server/encryption.ts';
import { createJournal } from './fixtures/journal.ts';

const valid: CertificateStatus = { state: 'valid', names: ['a.example'], validTo: 86_400_000, fingerprint: 'AA' };

/** An encryption that says what it is told to. */
const encryption = (): Encryption & { readonly watch$: Subject<CertificateStatus> } => ({
  secure: () => {},
  admits: () => true,
  status: valid,
  failures: 0,
  watch$: new Subject(),
});

const following = () => {
  const reports: CertificateReport[] = [];
  return { reports, certificates: new Certificates((report) => reports.push(report)) };
};

test('what is in force is followed once, and told with what was said before', () => {
  const { reports, certificates } = following();
  const one = encryption();
  certificates.follow('a', undefined);
  certificates.follow('a', one);
  one.watch$.next(valid);
  certificates.follow('a', one);
  one.watch$.next({ ...valid, state: 'expiring' });
  expect(reports).toEqual([
    { server: 'a', certificate: valid },
    { server: 'a', certificate: { ...valid, state: 'expiring' }, before: valid },
  ]);
});

test('what takes its place is followed from what was said last, what left is not followed at all', () => {
  const { reports, certificates } = following();
  const [one, two] = [encryption(), encryption()];
  certificates.follow('a', one);
  one.watch$.next(valid);
  certificates.follow('a', two);
  expect(one.watch$.observed).toBe(false);
  two.watch$.next({ ...valid, fingerprint: 'BB' });
  expect(reports.at(-1)).toEqual({ server: 'a', certificate: { ...valid, fingerprint: 'BB' }, before: valid });
  certificates.follow('a', undefined);
  expect(two.watch$.observed).toBe(false);
  certificates.follow('b', one);
  certificates.stop();
  expect(one.watch$.observed).toBe(false);
});

const error = Object.assign(new Error('the key does not fit'), { hint: 'renew it' });
const ends = '1970-01-02T00:00:00.000Z';

test.each<[string, CertificateStatus, CertificateStatus | undefined, readonly string[]]>([
  ['a first one that is valid', valid, undefined, []],
  [
    'a first one that is about to end',
    { ...valid, state: 'expiring' },
    undefined,
    [`warn: server a: the certificate for a.example ends at ${ends}`],
  ],
  [
    'one that is about to end by now',
    { ...valid, state: 'expiring' },
    valid,
    [`warn: server a: the certificate for a.example ends at ${ends}`],
  ],
  [
    'one that has ended',
    { ...valid, state: 'expired', names: [] },
    { ...valid, state: 'expiring' },
    [`error: server a: the certificate has expired at ${ends}`],
  ],
  [
    'another one',
    { ...valid, fingerprint: 'BB' },
    { ...valid, error },
    [`info: server a uses another certificate, which ends at ${ends}`],
  ],
  [
    'files that cannot be used',
    { ...valid, error },
    valid,
    ['warn: server a keeps its certificate, the files hold none that could be used: the key does not fit (renew it)'],
  ],
  ['the same files again', { ...valid, error }, { ...valid, error }, []],
  ['files that are whole again', valid, { ...valid, error }, []],
  ['one that is about to end, still', { ...valid, state: 'expiring' }, { ...valid, state: 'expiring', error }, []],
])('is written once: %s', (_, certificate, before, lines) => {
  const journal = createJournal();
  const report = { server: 'a', certificate, ...(before === undefined ? {} : { before }) };
  expect(isWorthTelling(report)).toBe(true);
  narrateReport(report, journal);
  expect(journal.lines).toEqual(lines);
});
