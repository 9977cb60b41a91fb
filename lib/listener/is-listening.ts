import { connect } from 'node:net';
import { type Address, isAnyPort, parseAddress } from '../config/address.ts';
import { ProbeError } from './errors.ts';

/** How long to wait for an answer. */
export interface IsListeningOptions {
  /** Milliseconds until the connection must stand; 3 000 by default. Whoever listens on this machine takes less than one. */
  readonly timeoutMs?: number;
  /** Gives up; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 3_000;

/** Nobody is there: the port refuses, the socket's owner has died, or there is no such file. */
const NOBODY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT']);

const targetOf = (address: Address): { readonly path: string } | { readonly host: string; readonly port: number } => {
  if (address.kind === 'unix') return { path: address.path };
  const { host, port } = address;
  // All interfaces are reached over loopback; `localhost` tries both families.
  return { host: host === '' || host === '::' ? 'localhost' : host === '0.0.0.0' ? '127.0.0.1' : host, port };
};

const read = (text: string): Address => {
  const result = parseAddress(text);
  if (!result.ok) throw new ProbeError(text, result.message, { hint: result.hint });
  if (!isAnyPort(result.address)) return result.address;
  throw new ProbeError(text, 'it names no port', { hint: 'ask for the port that was found; a snapshot has it' });
};

/**
 * Whether somebody listens on an address: connects, says nothing, and hangs up.
 *
 * It is no way to find a port that is free: by the time it is bound somebody else may have it. Listen on port 0 or on a
 * range instead.
 *
 * @param address - as `listen` has it, with a port: `'127.0.0.1:8080'`, `':8080'`, `'unix:/run/x.sock'`.
 * @returns `true` when the connection stands, `false` when it is refused or the socket is not there. Rejects with a
 *   `ProbeError` when that cannot be told: no such address, a name that does not resolve, no permission, no answer in
 *   time.
 *
 * @example
 * ```ts
 * import { isListening } from 'sluice';
 *
 * console.log(await isListening('unix:/run/nobody-is-here.sock')); // false
 * ```
 */
export const isListening = async (
  address: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: IsListeningOptions = {},
): Promise<boolean> => {
  const target = targetOf(read(address));
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect(target);
    const settle = (report: () => void): void => {
      clearTimeout(late);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      report();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const late = setTimeout(() => {
      const cause = Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });
      settle(() => reject(new ProbeError(address, cause.message, { cause })));
    }, timeoutMs);
    signal?.addEventListener('abort', abort);
    socket.once('connect', () => settle(() => resolve(true)));
    // Stays for as long as the socket: what happens to one that was destroyed is nobody's business.
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      settle(() => {
        if (NOBODY.has(cause.code ?? '')) resolve(false);
        else reject(new ProbeError(address, cause.code ?? cause.message, { cause }));
      }),
    );
  });
};
