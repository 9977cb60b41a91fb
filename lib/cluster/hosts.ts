import { type Address, formatAddress, isAnyPort, sameAddress } from '../config/address.ts';
import type { Listeners } from '../listener/listener.ts';
import { Host } from '../server/host.ts';
import { type ServerOptions, serverFactory } from '../server/kinds.ts';
import { openTargets } from '../server/open-targets.ts';
import type { HostedServer } from '../server/server.ts';

/**
 * The hosts of a cluster: at most one for each address, from its first use until its last connection has gone.
 *
 * Counted: whoever works with a host retains it, and the last one to release it destroys its server.
 */
export class Hosts {
  /** All of them, and some that nobody needs any more. An array, because a thousand objects as keys cost 10 ms. */
  #hosts: Host[] = [];
  #released = 0;
  readonly #byAddress = new Map<string, Host>();
  readonly #listeners: Listeners;
  /** Who servers pass requests on to. */
  readonly targets: ReturnType<typeof openTargets>;
  readonly #newServer: () => HostedServer;

  constructor(listeners: Listeners, options: ServerOptions) {
    this.#listeners = listeners;
    this.targets = openTargets(options.logger);
    this.#newServer = serverFactory(options);
  }

  /**
   * Retains the host of an address: the one there is, even while it is being given up, or a new one.
   *
   * @param asked - what a new one falls back on when the address is taken and another port will do.
   */
  at(address: Address, asked = address): Host {
    // Everybody who asks for a free port means another one.
    if (isAnyPort(address)) return this.#make(address, asked);
    const key = formatAddress(address);
    const known = this.#byAddress.get(key);
    // Who looks for a port since its own was taken is not the one to be found there.
    if (known !== undefined && sameAddress(known.address, address)) return this.retain(known);
    const host = this.#make(address, asked);
    this.#byAddress.set(key, host);
    return host;
  }

  #make(address: Address, asked: Address): Host {
    const host = new Host(address, this.#listeners, this.#newServer(), asked);
    this.#hosts.push(host);
    return this.retain(host);
  }

  retain(host: Host): Host {
    host.users += 1;
    return host;
  }

  release(host: Host): void {
    host.users -= 1;
    if (host.users > 0) return;
    host.server.destroy();
    const key = formatAddress(host.address);
    if (this.#byAddress.get(key) === host) this.#byAddress.delete(key);
    this.#released += 1;
    if (this.#released * 2 < this.#hosts.length) return;
    this.#hosts = this.#hosts.filter(({ users }) => users > 0);
    this.#released = 0;
  }

  /** A free port has become a real one: from now on the host is found under it. */
  settle(host: Host): void {
    this.#byAddress.set(formatAddress(host.address), host);
  }

  /** A host did not get its port again and found another one. */
  move(from: Address, host: Host): void {
    const key = formatAddress(from);
    if (this.#byAddress.get(key) === host) this.#byAddress.delete(key);
    this.settle(host);
  }

  /** Cuts every connection of every host; returns how many there were. */
  destroy(): number {
    let cut = 0;
    for (const { server, users } of this.#hosts) {
      if (users === 0) continue;
      cut += server.connections;
      server.destroy();
    }
    // A cluster that has stopped is kept for its last snapshot: what it served with need not be.
    this.#hosts = [];
    this.#byAddress.clear();
    return cut;
  }
}
