import { isAnyPort } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Standing } from './plan.ts';

/**
 * The ports that were found for servers, over all lives of a cluster: the next life asks for them again.
 *
 * A server whose port was found is remembered when a life ends, as one that is down, until it is put in its place again.
 * What is down has no right to its port: whoever asks for it by number comes first.
 */
export class Ports {
  readonly #found = new Map<string, Standing>();

  /** Where the servers stood when a life ended. */
  remember(members: ReadonlyMap<string, Standing>): void {
    for (const [id, { spec, address }] of members) {
      if (isAnyPort(spec.address) && !isAnyPort(address)) this.#found.set(id, { spec, address, up: false });
    }
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
