import { X509Certificate } from 'node:crypto';

/** What there is of `tls.TLSSocket`, and of what stands in its place in HTTP/2. */
interface EncryptedSocket {
  readonly authorized?: unknown;
  readonly getPeerX509Certificate?: unknown;
}

const socketOf = (env: unknown): EncryptedSocket | undefined => {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined;
  const { incoming } = env;
  if (typeof incoming !== 'object' || incoming === null || !('socket' in incoming)) return undefined;
  const { socket } = incoming;
  return typeof socket === 'object' && socket !== null ? socket : undefined;
};

/**
 * Tells a handler who its client is: the certificate it has shown, which the server's `ca` has signed.
 *
 * A certificate that is not good never gets as far as a handler. The same connection gives the same certificate for as
 * long as it lasts, even when the CA is exchanged meanwhile.
 *
 * @param env - what the handler got beside its request: `c.env` in Hono, `{ incoming: request }` in an upgrade handler.
 * @returns `undefined` when none was shown (`clientAuth: 'request'`), when clients are not asked for one, and outside a
 *   server.
 */
export const clientCertificate = (env: unknown): X509Certificate | undefined => {
  const socket = socketOf(env);
  if (socket?.authorized !== true || typeof socket.getPeerX509Certificate !== 'function') return undefined;
  const certificate: unknown = socket.getPeerX509Certificate();
  return certificate instanceof X509Certificate ? certificate : undefined;
};
