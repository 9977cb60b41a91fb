import type { Listeners } from './listener.ts';
import { tcpListener } from './tcp/tcp.ts';
import { unixListener } from './unix/unix.ts';

/** The listeners of this machine: TCP and unix sockets, by the kind of the address. */
export const systemListeners: Listeners = (address) =>
  address.kind === 'tcp' ? tcpListener(address) : unixListener(address);
