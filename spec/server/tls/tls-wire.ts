import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { type Address, formatAddress } from '../../../lib/config/address.ts';
import { type Wire, wireOn } from '../../listener/wire.ts';

/** A client's end of an encrypted connection. */
export interface TlsWire extends Wire {
  readonly socket: TLSSocket;
  /** Settles when both sides agree, with the fingerprint of what the server presented; rejects when they do not. */
  readonly agreed: Promise<string>;
}

/** Connects and begins a handshake; believes whatever certificate it is shown. Cut after the test. */
export const dialTls = (address: Address, options: ConnectionOptions = {}): TlsWire => {
  const target = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  const socket = connect({
    ...target,
    servername: 'localhost',
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    ...options,
  });
  const agreed = new Promise<string>((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket.getPeerCertificate().fingerprint256));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before both sides agreed')));
  });
  agreed.catch(() => undefined);
  return { ...wireOn(socket, formatAddress(address)), socket, agreed };
};
