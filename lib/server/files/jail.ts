import { constants, type FileHandle, open, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { FilesRootError } from '../errors.ts';

/** A regular file inside the root, open for reading. Whoever has it closes it. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** More than once is once; waits for reads under way. Never rejects. */
  close(): void;
}

/** What an error of the file system means for a path that somebody asks for: there is nothing to be had. */
const ABSENT: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'EACCES',
  'EPERM',
  'EINVAL',
  'ENXIO',
  'ENODEV',
  'EILSEQ',
  // Node's own, for a NUL.
  'ERR_INVALID_ARG_VALUE',
]);

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'an unknown error';

const unlessAbsent = (cause: unknown): undefined => {
  if (ABSENT.has(codeOf(cause))) return undefined;
  // EMFILE and the like are no property of the path.
  throw cause;
};

/**
 * Reads only, waits for nobody (a pipe has no reader yet), becomes nobody's terminal, and takes no link for what it
 * leads to. Flags that a system does not know are 0 there.
 */
const FLAGS =
  constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** The kernel's own files: regular to look at, and about this process. */
const KERNEL = /^\/(?:proc|sys)(?:\/|$)/;

const openFile = (handle: FileHandle, size: number, mtimeNs: bigint): OpenFile => {
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    // What was read is read; that the descriptor is gone already is what was wanted.
    handle.close().catch(() => undefined);
  };
  return { handle, size, mtimeNs, close };
};

/**
 * A directory nothing outside of which is ever read.
 *
 * 1. The path is resolved, links and all, and must be inside the root, before anything is opened: opening some devices
 *    is an effect by itself.
 * 2. It is opened without following a link in its last step, and must be a regular file.
 * 3. Where the descriptor has come to lie is asked of the kernel, and must be inside as well: a directory on the way
 *    may have become a link in between. Where the kernel does not tell, the path is resolved a second time and must
 *    lead to the same file, which leaves those a chance who can change directories inside the root at will.
 *
 * Links inside the root are followed, and a root that is a link may be led elsewhere while it is in use, as deployments
 * do. Hard links cannot be told from files.
 */
export class Jail {
  readonly #root: string;
  readonly #tells: boolean;
  #real: string;

  private constructor(root: string, real: string, tells: boolean) {
    this.#root = root;
    this.#real = real;
    this.#tells = tells;
  }

  /**
   * Rejects with a `FilesRootError` when the root is no directory that can be read.
   *
   * @param root - full path.
   * @param tells - whether the kernel tells where a descriptor lies; found out by default.
   */
  static async at(root: string, tells?: boolean): Promise<Jail> {
    try {
      const real = await realpath(root);
      if (KERNEL.test(real)) throw new FilesRootError(root, 'it belongs to the kernel');
      await (await opendir(real)).close();
      return new Jail(root, real, tells ?? (await kernelTells()));
    } catch (cause) {
      if (cause instanceof FilesRootError) throw cause;
      const code = codeOf(cause);
      const reasons: Readonly<Record<string, string>> = {
        ENOENT: 'there is no such directory',
        ENOTDIR: 'it is no directory',
        EACCES: 'it may not be read',
      };
      throw new FilesRootError(root, reasons[code] ?? `it cannot be read (${code})`, { cause });
    }
  }

  /**
   * Opens a file, or says that there is a directory, or nothing.
   *
   * @param path - relative to the root, of segments that are names.
   */
  async open(path: string): Promise<OpenFile | 'directory' | undefined> {
    const real = await realpath(join(this.#root, path)).catch(unlessAbsent);
    if (real === undefined || !(await this.#holds(real))) return undefined;
    const handle = await open(real, FLAGS).catch(unlessAbsent);
    if (handle === undefined) return undefined;
    let kept = false;
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.isDirectory()) return 'directory';
      if (!stats.isFile() || !(await this.#holdsStill(handle, real, stats))) return undefined;
      kept = true;
      return openFile(handle, Number(stats.size), stats.mtimeNs);
    } finally {
      if (!kept) await handle.close();
    }
  }

  #isInside(real: string): boolean {
    if (KERNEL.test(real)) return false;
    return real === this.#real || real.startsWith(this.#real.endsWith(sep) ? this.#real : this.#real + sep);
  }

  async #holds(real: string): Promise<boolean> {
    if (this.#isInside(real)) return true;
    // The root itself may lead elsewhere by now.
    const root = await realpath(this.#root).catch(unlessAbsent);
    if (root === undefined || root === this.#real) return false;
    this.#real = root;
    return this.#isInside(real);
  }

  async #holdsStill(handle: FileHandle, real: string, { dev, ino }: { dev: bigint; ino: bigint }): Promise<boolean> {
    // A file that was replaced meanwhile has ' (deleted)' behind its path: it was inside, and may be read to its end.
    if (this.#tells) return this.#isInside(await readlink(`/proc/self/fd/${handle.fd}`));
    const again = await realpath(real).catch(unlessAbsent);
    if (again === undefined || !this.#isInside(again)) return false;
    const there = await stat(again, { bigint: true });
    return there.dev === dev && there.ino === ino;
  }
}

/** Linux, where `/proc` is mounted. */
const kernelTells = async (): Promise<boolean> => {
  try {
    return process.platform === 'linux' && (await stat('/proc/self/fd')).isDirectory();
  } catch {
    return false;
  }
};
