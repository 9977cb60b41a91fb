import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

/** A certificate and its key, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Made {
  /** The names in it; the first is its common name too. */
  readonly names?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  /** Who signs it; itself by default. */
  readonly by?: Pair;
  /** It may sign others. */
  readonly signs?: boolean;
  readonly passphrase?: string;
}

const DAY_MS = 86_400_000;

/** Makes a certificate on an elliptic curve, which takes a millisecond. */
export const certificate = async (made: Made = {}): Promise<Pair> => {
  const { names = ['localhost'], from = -1, to = 365, by, signs = false, passphrase } = made;
  const pems = await generate([{ name: 'commonName', value: names[0] ?? 'nobody' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(Date.now() + from * DAY_MS),
    notAfterDate: new Date(Date.now() + to * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: signs, critical: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
    ...(by === undefined ? {} : { ca: by }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return { cert: pems.cert, key: pems.private };
};

/** A directory of its own for a test. */
export const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** Writes a file beside its place and renames it there, as careful tools do. */
export const replaceFile = (path: string, text: string): void => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

/** Writes a certificate and its key into a directory. */
export const writePair = (at: string, { cert, key }: Pair): { readonly cert: string; readonly key: string } => {
  const paths = { cert: join(at, 'tls.crt'), key: join(at, 'tls.key') };
  replaceFile(paths.cert, cert);
  replaceFile(paths.key, key);
  return paths;
};
