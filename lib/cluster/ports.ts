import { isAnyPort } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Standing } from './plan.ts';

/**
 * The ports that were found for servers, over all lives of a cluster: whoever comes back asks for them again.
 *
 * A server whose port was found is remembered when it stops or its life ends, as one that is down, until it is put in its
 * place again or is no longer in the config. What is down has no right to its port: whoever asks for it by number comes
 * first.
 */
export class Ports {
  readonly #found = new Map<string, Standing>();

  /** Where servers stood that stand nowhere from now on. */
  remember(members: ReadonlyMap<string, Standing>): void {
    for (const [id, standing] of members) this.rememberOne(id, standing);
  }

  /** The same for one, which may come back while the others go on. */
  rememberOne(id: string, { spec, address }: Standing): void {
    if (isAnyPort(spec.address) && !isAnyPort(address)) this.#found.set(id, { spec, address, up: false });
  }

  /** Servers that are not even disabled have no port that could be kept for them. */
  keepOnly(specs: ReadonlyMap<string, ServerSpec>): void {
    for (const id of this.#found.keys()) if (!specs.has(id)) this.#found.delete(id);
  }

  /** A server is in its place: from now on that is where it stands. */
  forget(id: string): void {
    this.#found.delete(id);
  }

  /** Where servers stand, and where those stood that are wanted and have no place in this life yet. */
  standings(
    members: ReadonlyMap<string, Standing>,
    desired: ReadonlyMap<string, ServerSpec>,
  ): ReadonlyMap<string, Standing> {
    if (this.#found.size === 0) return members;
    const standings = new Map(members);
    for (const [id, standing] of this.#found) {
      if (desired.has(id) && !standings.has(id)) standings.set(id, standing);
    }
    return standings;
  }
}
