import { type Address, formatAddress } from '../config/address.ts';
import { HealthCheckError } from './errors.ts';

/** The hosts that stand for all interfaces, and what reaches them from this machine. */
const LOOPBACK: Readonly<Record<string, string>> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where a check connects to, to reach a server that listens on an address; its port is a real one. */
export const dialled = (address: Address): Address =>
  address.kind === 'unix' ? address : { ...address, host: LOOPBACK[address.host] ?? address.host };

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;

/** The system's words for an address, or a socket file, behind which there is nobody. */
const NOBODY: ReadonlySet<string | undefined> = new Set(['ECONNREFUSED', 'ENOENT']);

/** What a connection failed of, in our words. */
export const connectionError = (address: Address, cause: unknown): HealthCheckError => {
  const where = formatAddress(address);
  const code = codeOf(cause);
  if (NOBODY.has(code)) return new HealthCheckError('ERR_HEALTH_REFUSED', `nobody listens on ${where}`, { cause });
  const reason = code ?? (cause instanceof Error ? cause.message : 'it ended');
  return new HealthCheckError('ERR_HEALTH_CONNECTION', `the connection to ${where} failed: ${reason}`, { cause });
};
