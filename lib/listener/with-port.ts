import type { Server } from 'node:net';
import type { Address } from '../config/address.ts';

/** What was asked for, with the port that it has become: port 0 is a port once it is bound. */
export const withPort = (asked: Address, bound: ReturnType<Server['address']>): Address => {
  if (asked.kind !== 'tcp' || bound === null || typeof bound === 'string' || bound.port === asked.port) return asked;
  return { ...asked, port: bound.port };
};
