import { type Address, formatAddress, isAnyPort } from '../config/address.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { PoolServer, PoolServerConfig } from './pool-server.ts';
import type { ReadServer } from './read-server.ts';

/** One server as the cluster is to be told of it. */
export interface Part {
  readonly id: string;
  readonly config: PoolServerConfig;
  readonly base: ServerConfig;
  readonly spec: ServerSpec;
  /** Where it is found. */
  readonly key: string;
  /** It is to run, unless it is disabled. */
  readonly wanted: boolean;
}

/** One server that a pool has. */
export class Entry implements Part {
  readonly id: string;
  config: PoolServerConfig;
  base: ServerConfig;
  spec: ServerSpec;
  key: string;
  /** Where it listens as far as it is known: with the real port once that was bound. */
  address: Address;
  /** Under which it was found before its port was known, and is still; `undefined` where the config says the port. */
  written: string | undefined;
  wanted = false;
  /** It was stopped on purpose, and not started since. */
  halted = false;
  /** It is being taken out of the pool. */
  leaving = false;
  /** Why it could not be started. */
  error: Error | undefined;
  /** What people hold of it. */
  handle: PoolServer | undefined;

  constructor(id: string, { config, base, spec }: ReadServer, key: string) {
    this.id = id;
    this.config = config;
    this.base = base;
    this.spec = spec;
    this.key = key;
    this.address = spec.address;
    this.written = isAnyPort(spec.address) ? key : undefined;
  }

  /** It is another server from now on, in the same place. */
  become({ config, base, spec }: ReadServer): void {
    this.config = config;
    this.base = base;
    this.spec = spec;
  }

  get name(): string {
    return this.config.name ?? this.key;
  }
}

/** Where a config says that a server listens, in canonical form. */
export const listenOf = ({ address }: ServerSpec): string => formatAddress(address);
