import { type Address, formatAddress } from '../config/address.ts';
import type { Listeners } from '../listener/listener.ts';
import { Host } from '../server/host.ts';
import { type ServerOptions, serverFactory } from '../server/kinds.ts';
import type { HostedServer } from '../server/server.ts';

/**
 * The hosts of a cluster: at most one for each address, from its first use until its last connection has gone.
 *
 * Counted: whoever works with a host retains it, and the last one to release it destroys its server.
 */
export class Hosts {
  readonly #users = new Map<Host, number>();
  readonly #byAddress = new Map<string, Host>();
  readonly #listeners: Listeners;
  readonly #newServer: () => HostedServer;

  constructor(listeners: Listeners, options: ServerOptions) {
    this.#listeners = listeners;
    this.#newServer = serverFactory(options);
  }

  /** Retains the host of an address: the one there is, even while it is being given up, or a new one. */
  at(address: Address): Host {
    const key = formatAddress(address);
    const known = this.#byAddress.get(key);
    if (known !== undefined) return this.retain(known);
    const host = new Host(address, this.#listeners, this.#newServer());
    // Everybody who asks for a free port means another one.
    if (address.kind !== 'tcp' || address.port !== 0) this.#byAddress.set(key, host);
    return this.retain(host);
  }

  retain(host: Host): Host {
    this.#users.set(host, (this.#users.get(host) ?? 0) + 1);
    return host;
  }

  release(host: Host): void {
    const users = (this.#users.get(host) ?? 0) - 1;
    if (users > 0) {
      this.#users.set(host, users);
      return;
    }
    this.#users.delete(host);
    host.server.destroy();
    const key = formatAddress(host.address);
    if (this.#byAddress.get(key) === host) this.#byAddress.delete(key);
  }

  /** A free port has become a real one: from now on the host is found under it. */
  settle(host: Host): void {
    this.#byAddress.set(formatAddress(host.address), host);
  }

  /** Cuts every connection of every host; returns how many there were. */
  destroy(): number {
    let cut = 0;
    for (const { server } of this.#users.keys()) {
      cut += server.connections;
      server.destroy();
    }
    return cut;
  }
}
