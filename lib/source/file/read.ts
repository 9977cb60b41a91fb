import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Fault } from '../fault.ts';

/** Bytes a source file may have; a thousand servers written out in full need about a quarter. */
export const MAX_FILE_BYTES = 1_048_576;

/** A file as it was at one moment, or why it could not be read. `hash` changes exactly when there is something new. */
export type FileRead =
  | { readonly ok: true; readonly bytes: Buffer; readonly hash: string }
  | { readonly ok: false; readonly fault: Fault; readonly hash: string };

/**
 * Reads a whole regular file of at most 1 MiB.
 *
 * Pipes, devices and directories are refused before they are opened: opening a pipe waits for a writer, and opening a
 * device can have effects.
 *
 * @returns a promise that never rejects.
 */
export const readSourceFile = async (path: string): Promise<FileRead> => {
  try {
    if (!(await stat(path)).isFile()) return refuse(NOT_A_FILE);
    // It may have been exchanged for a pipe since: without O_NONBLOCK that open would never return.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) return refuse(NOT_A_FILE);
      const bytes = await readUpTo(handle, MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) return refuse(TOO_LARGE);
      return { ok: true, bytes, hash: hashOf(bytes) };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    return refuse(faultOf(cause));
  }
};

export const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('base64');

/** Reads by position rather than by size: files under `/proc`, and files being written, are longer than they say. */
const readUpTo = async (handle: FileHandle, limitBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limitBytes) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(65_536), 0, 65_536, length);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
};

const refuse = (fault: Fault): FileRead => ({ ok: false, fault, hash: `${fault.code} ${fault.message}` });

export const NOT_A_FILE = {
  code: 'ERR_SOURCE_NOT_A_FILE',
  message: 'this is not a regular file',
  hint: 'name the configuration file itself, not a directory, a pipe or a device',
} as const satisfies Fault;

const TOO_LARGE = {
  code: 'ERR_SOURCE_TOO_LARGE',
  message: `the file is larger than ${MAX_FILE_BYTES} bytes`,
  hint: 'generate large configurations in a .ts or .js file',
} as const satisfies Fault;

const faultOf = (cause: unknown): Fault => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return { code: 'ERR_SOURCE_MISSING', message: 'there is no such file', hint: 'check the path', cause };
  }
  const hint = HINTS[code] ?? 'check the file system it is on';
  return { code: 'ERR_SOURCE_UNREADABLE', message: `the file cannot be read (${code})`, hint, cause };
};

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'let the user that runs this read the file and its directories',
  EPERM: 'let the user that runs this read the file and its directories',
  ELOOP: 'a symbolic link points back at itself',
  EMFILE: 'this process has no file descriptors left: raise the limit (ulimit -n)',
};
