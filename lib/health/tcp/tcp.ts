import { connect } from 'node:net';
import type { Address } from '../../config/address.ts';
import { connectionError, dialled } from '../dial.ts';
import type { RunCheck } from '../monitor.ts';

/**
 * A check that connects to an address, says nothing, and hangs up. All interfaces are reached over loopback.
 *
 * @returns a check whose promise resolves when the connection stands, rejects with a `HealthCheckError` when it cannot,
 *   and with the signal's reason when that is aborted. Its socket is gone by then.
 */
export const tcpCheck = (address: Address): RunCheck => {
  const to = dialled(address);
  const options = to.kind === 'unix' ? { path: to.path } : { host: to.host, port: to.port };
  return (signal) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(options);
      const end = (): void => {
        signal.removeEventListener('abort', abort);
        socket.destroy();
      };
      const abort = (): void => {
        end();
        reject(signal.reason);
      };
      socket.once('connect', () => {
        end();
        resolve();
      });
      // Stays for as long as the socket: what happens to one that was destroyed is nobody's business.
      socket.on('error', (cause) => {
        end();
        reject(connectionError(to, cause));
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
};
