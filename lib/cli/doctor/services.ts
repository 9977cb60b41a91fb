import { resolve } from 'node:path';
import { firstValueFrom, isObservable } from 'rxjs';
import { isPem } from '../../config/pem.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import type { CertificateStatus } from '../../server/encryption.ts';
import { buildService } from '../../server/kinds.ts';
import { errorComplaint } from '../complaint.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { lookAtKeyFile } from './permissions.ts';

/** Milliseconds a module or a file has to be read. */
const DEADLINE_MS = 10_000;

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/**
 * Whether servers could be built, by building them as a commit does: certificates are read and checked, modules are
 * imported. Nothing listens.
 */
export const lookAtServices = async (specs: Iterable<ServerSpec>, baseDir: string): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (const spec of specs) if (!spec.disabled) findings.push(...(await look(spec, baseDir)));
  return findings;
};

const look = async (spec: ServerSpec, baseDir: string): Promise<readonly Finding[]> => {
  try {
    const built = buildService(spec, { logger: silent, baseDir, awaited: false, deadlineMs: DEADLINE_MS });
    const { encryption } = isObservable(built) ? await firstValueFrom(built) : built;
    if (encryption === undefined) return [];
    return [judgeCertificate(spec.id, encryption.status, Date.now()), ...lookAtKeys(spec, baseDir)];
  } catch (error) {
    const { message, hint } = errorComplaint(causeOf(error));
    return [fail(spec.tls === undefined ? 'app' : 'certificate', `${spec.id}: ${message}`, hint)];
  }
};

/** What a server cannot be built for, rather than that it cannot. */
const causeOf = (error: unknown): unknown => (error instanceof Error && error.cause ? error.cause : error);

const DAY_MS = 86_400_000;

/** How long the certificates of a server are good for. Pure. */
export const judgeCertificate = (
  server: string,
  { state, names, validTo }: CertificateStatus,
  now: number,
): Finding => {
  const day = new Date(validTo).toISOString().slice(0, 10);
  const what = `${server}: the certificate for ${names.join(', ') || 'no name'}`;
  const days = Math.floor((validTo - now) / DAY_MS);
  switch (state) {
    case 'valid':
      return ok('certificate', `${what} is good until ${day}`);
    case 'expiring':
      return warn('certificate', `${what} ends in ${days} days, on ${day}`, 'renew it; a renewal may have failed');
    case 'expired':
      return fail('certificate', `${what} ended on ${day}`, 'renew it');
  }
};

const lookAtKeys = ({ id, tls }: ServerSpec, baseDir: string): readonly Finding[] =>
  [...(tls === undefined ? [] : [tls.certificate, ...tls.certificates])]
    .filter(({ key }) => !isPem(key))
    .flatMap(({ key }) => lookAtKeyFile(id, resolve(baseDir, key)) ?? []);
