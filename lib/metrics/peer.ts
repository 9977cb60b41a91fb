import { MissingPeerError } from './errors.ts';

/** What Node, and those who load modules in its place, say when there is no such package. */
const MISSING: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** Whether an import failed because a package is not there; not because something that it imports is not. */
const isMissing = (cause: unknown, peer: string): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  MISSING.has(cause.code) &&
  (cause.message.includes(`'${peer}'`) || cause.message.includes(`"${peer}"`));

/**
 * Loads what works with a package that may not be installed.
 *
 * Rejects with a `MissingPeerError` when it is not, and with whatever loading failed with otherwise.
 *
 * @param load - imports the one file that imports the package.
 */
export const loadPeer = async <Module>(peer: string, load: () => Promise<Module>): Promise<Module> => {
  try {
    return await load();
  } catch (cause) {
    throw isMissing(cause, peer) ? new MissingPeerError(peer, { cause }) : cause;
  }
};
