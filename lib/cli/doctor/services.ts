import { resolve } from 'node:path';
import { firstValueFrom, isObservable } from 'rxjs';
import { causesOf, errorView } from '../../admin/error-view.ts';
import { isPem } from '../../config/pem.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import type { CertificateStatus } from '../../server/encryption.ts';
import { AppError } from '../../server/errors.ts';
import { buildService } from '../../server/kinds.ts';
import type { Service } from '../../server/server.ts';
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
  const { id, tls, routes = [] } = spec;
  const certificates = tls === undefined ? [] : [await lookAtCertificates(spec, baseDir), ...lookAtKeys(spec, baseDir)];
  // Built one by one: what is wrong with one of them does not hide what is wrong with the next.
  const parts = [
    { ...spec, ...(spec.routes && { routes: [] }) },
    ...routes.map((route) => ({ ...spec, routes: [route], middleware: undefined })),
  ];
  const errors = await Promise.all(parts.map((part) => faultOf({ ...part, tls: undefined }, baseDir)));
  const faults = errors.filter((error) => error !== undefined).map((error) => faultFinding(id, error));
  // Two routes may lead to one module.
  const apart = new Map(faults.map((fault) => [fault.message, fault]));
  return [...certificates, ...apart.values()];
};

const lookAtCertificates = async (spec: ServerSpec, baseDir: string): Promise<Finding> => {
  try {
    const { encryption } = await build({ ...spec, app: undefined, routes: [], middleware: undefined }, baseDir);
    if (encryption === undefined) throw new TypeError('a server with certificates was built without encryption');
    return judgeCertificate(spec.id, encryption.status, Date.now());
  } catch (error) {
    return faultFinding(spec.id, error);
  }
};

const build = async (spec: ServerSpec, baseDir: string): Promise<Service> => {
  const built = buildService(spec, { logger: silent, baseDir, awaited: false, deadlineMs: DEADLINE_MS });
  return isObservable(built) ? firstValueFrom(built) : built;
};

const faultOf = (spec: ServerSpec, baseDir: string): Promise<unknown> =>
  build(spec, baseDir).then(
    () => undefined,
    (error: unknown) => error,
  );

const faultFinding = (server: string, error: unknown): Finding => {
  const { message, hint } = errorComplaint(causeOf(error));
  return fail(checkOf(error), `${server}: ${message}`, hint);
};

/** What failed, by what the errors behind it say. */
const checkOf = (error: unknown): string => {
  const codes = causesOf(error).map((cause) => errorView(cause).code);
  const known = CHECKS.find(([pattern]) => codes.some((code) => pattern.test(code)));
  return known?.[1] ?? 'app';
};

const CHECKS: readonly (readonly [RegExp, string])[] = [
  [/^ERR_TLS_/, 'certificate'],
  [/^ERR_FILES_ROOT$/, 'files'],
  [/^ERR_MODULE_/, 'module'],
];

/** What a server cannot be built for, rather than that it cannot. */
const causeOf = (error: unknown): unknown => (error instanceof AppError ? error.cause : error);

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
