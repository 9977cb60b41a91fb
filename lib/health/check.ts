import { type Address, formatAddress, urlOf } from '../config/address.ts';
import type { Probe } from '../config/health-config.ts';
import type { HealthSettings } from '../config/health-settings.ts';
import { httpCheck } from './http/http.ts';
import type { RunCheck } from './monitor.ts';
import { tcpCheck } from './tcp/tcp.ts';

/** The server a check is for. */
export interface CheckTarget {
  /** Its id. */
  readonly server: string;
  /** Where it listens, with the real port. */
  readonly address: Address;
  /** It speaks TLS. */
  readonly encrypted: boolean;
}

/** The check that the settings of a server ask for, aimed at where it listens now. Nothing is opened before it runs. */
export const checkOf = (
  { check, timeoutMs }: Pick<HealthSettings, 'check' | 'timeoutMs'>,
  { server, address, encrypted }: CheckTarget,
): RunCheck => {
  switch (check.kind) {
    case 'tcp':
      return tcpCheck(address);
    case 'http':
      return httpCheck(check, { address, encrypted, timeoutMs });
    case 'function': {
      const text = address.kind === 'unix' ? address.path : formatAddress(address);
      const url = urlOf(address, encrypted);
      return (signal) => check.check({ server, address: text, url, signal } satisfies Probe);
    }
  }
};
