import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isPem } from '../../config/pem.ts';
import type { TlsSpec } from '../../config/tls-config.ts';
import { TlsError, type TlsErrorCode } from './tls-error.ts';

/** A PEM text and what people call the place it came from. */
export interface PemSource {
  readonly name: string;
  readonly text: string;
}

/** A certificate, its key, and what the config says of them. */
export interface CertificateSource {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly passphrase: string | undefined;
  readonly names: readonly string[] | undefined;
}

/** Everything a TLS config names, as text. */
export interface TlsSources {
  /** The default one comes first. */
  readonly certificates: readonly [CertificateSource, ...CertificateSource[]];
  readonly ca: readonly PemSource[];
}

/** Bundles of certificates have some hundred KiB; what is larger is something else. */
const MAX_BYTES = 1_048_576;

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'check the path; relative ones start from baseDir',
  ENOTDIR: 'check the path; relative ones start from baseDir',
  EACCES: 'this process may not read it; check the permissions of the file and of its directories',
  EPERM: 'this process may not read it; check the permissions of the file and of its directories',
  EISDIR: 'name a file, not a directory',
  EMFILE: 'the limit of open files is reached; raise `ulimit -n`',
  ELOOP: 'its symbolic links lead in a circle',
};

const unreadable = (code: TlsErrorCode, noun: string, path: string, cause: unknown): TlsError => {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = errno === '' ? String(cause) : errno;
  const hint = HINTS[errno];
  return new TlsError(code, `${noun} ${path} cannot be read: ${reason}`, path, {
    ...(cause instanceof Error ? { cause } : {}),
    ...(hint === undefined ? {} : { hint }),
  });
};

const readWhole = async (file: FileHandle): Promise<string | { readonly problem: string }> => {
  const stats = await file.stat();
  if (!stats.isFile()) return { problem: 'it is no regular file' };
  if (stats.size > MAX_BYTES) return { problem: `it has more than ${MAX_BYTES} bytes` };
  // A file that grows meanwhile is cut off here; what it has become is looked at when it is.
  const { bytesRead, buffer } = await file.read(Buffer.alloc(stats.size), 0, stats.size, 0);
  return buffer.toString('utf8', 0, bytesRead);
};

/** Reads a regular file; a pipe in its place does not make anybody wait. Rejects with a `TlsError`. */
const readPem = async (given: string, baseDir: string, noun: string, code: TlsErrorCode): Promise<PemSource> => {
  let file: FileHandle | undefined;
  try {
    file = await open(resolve(baseDir, given), constants.O_RDONLY | constants.O_NONBLOCK);
    const text = await readWhole(file);
    if (typeof text === 'string') return { name: given, text };
    throw text.problem;
  } catch (cause) {
    throw unreadable(code, noun, given, cause);
  } finally {
    await file?.close();
  }
};

/** What stands in a config, or has to be read. */
interface Wanted {
  readonly given: string;
  /** What it is called when it is a text in the config. */
  readonly place: string;
  readonly noun: string;
  readonly code: TlsErrorCode;
}

const wantedOf = ({ certificate, certificates, ca }: TlsSpec): readonly Wanted[] => [
  ...[certificate, ...certificates].flatMap(({ cert, key }, index): readonly Wanted[] => {
    const at = index === 0 ? 'tls' : `tls.certificates.${index - 1}`;
    return [
      { given: cert, place: `${at}.cert`, noun: 'the certificate', code: 'ERR_TLS_UNREADABLE' },
      { given: key, place: `${at}.key`, noun: 'the key', code: 'ERR_TLS_UNREADABLE' },
    ];
  }),
  ...ca.map((given): Wanted => ({ given, place: 'tls.ca', noun: 'the CA', code: 'ERR_TLS_CA_MISSING' })),
];

/** The full paths of the files that a TLS config names. */
export const filesOf = (spec: TlsSpec, baseDir: string): readonly string[] => [
  ...new Set(wantedOf(spec).flatMap(({ given }) => (isPem(given) ? [] : [resolve(baseDir, given)]))),
];

const arrange = (spec: TlsSpec, texts: readonly PemSource[]): TlsSources => {
  const at = (index: number): PemSource => texts[index] ?? { name: '', text: '' };
  const source = (index: number): CertificateSource => {
    const { passphrase, names } = (index === 0 ? spec.certificate : spec.certificates[index - 1]) ?? spec.certificate;
    return { cert: at(2 * index), key: at(2 * index + 1), passphrase, names };
  };
  const further = spec.certificates.map((_, index) => source(index + 1));
  return { certificates: [source(0), ...further], ca: texts.slice(2 * (further.length + 1)) };
};

/** Takes what stands in the config itself; `undefined` when something has to be read. */
export const inlineSources = (spec: TlsSpec): TlsSources | undefined => {
  const wanted = wantedOf(spec);
  if (!wanted.every(({ given }) => isPem(given))) return undefined;
  return arrange(
    spec,
    wanted.map(({ given, place }) => ({ name: place, text: given })),
  );
};

/** Reads every file that a TLS config names, once. Rejects with the `TlsError` of the first that cannot be used, in the order of the config. */
export const readSources = async (spec: TlsSpec, baseDir: string): Promise<TlsSources> => {
  const reads = new Map<string, Promise<PemSource>>();
  const read = ({ given, place, noun, code }: Wanted): Promise<PemSource> => {
    if (isPem(given)) return Promise.resolve({ name: place, text: given });
    const known = reads.get(given) ?? readPem(given, baseDir, noun, code);
    reads.set(given, known);
    return known;
  };
  const texts: PemSource[] = [];
  // All at once, and then looked at one by one: which of two missing files is named is not left to the disk.
  for (const result of await Promise.allSettled(wantedOf(spec).map(read))) {
    if (result.status === 'rejected') throw result.reason;
    texts.push(result.value);
  }
  return arrange(spec, texts);
};

/** Whether two readings found the same. */
export const sameSources = (a: TlsSources, b: TlsSources): boolean => {
  const texts = ({ certificates, ca }: TlsSources): readonly PemSource[] => [
    ...certificates.flatMap(({ cert, key }) => [cert, key]),
    ...ca,
  ];
  const others = texts(b);
  return texts(a).every(({ text }, index) => text === others[index]?.text);
};
