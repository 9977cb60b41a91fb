import type { Standing } from '../cluster/plan.ts';
import type { Ports } from '../cluster/ports.ts';
import type { Address } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Hold } from './holds.ts';

/** A server in its place. */
export interface Place {
  readonly spec: ServerSpec;
  readonly address: Address;
  readonly hold: Hold;
}

/** Where servers stand, in all workers alike. */
export class Places {
  readonly #ports: Ports;
  readonly #isUp: (id: string) => boolean;
  readonly #places = new Map<string, Place>();

  /**
   * @param ports - those that were found, over all lives.
   * @param isUp - whether a server answers, in every worker that is to run it.
   */
  constructor(ports: Ports, isUp: (id: string) => boolean) {
    this.#ports = ports;
    this.#isUp = isUp;
  }

  get entries(): ReadonlyMap<string, Place> {
    return this.#places;
  }

  get size(): number {
    return this.#places.size;
  }

  get(id: string): Place | undefined {
    return this.#places.get(id);
  }

  /** What runs. */
  get members(): ReadonlyMap<string, Standing> {
    return new Map(Array.from(this.#places, ([id, { spec, address }]) => [id, { spec, address, up: this.#isUp(id) }]));
  }

  /** The same with the ports that servers had before, which are wanted and do not run. */
  standings(desired: ReadonlyMap<string, ServerSpec>): ReadonlyMap<string, Standing> {
    return this.#ports.standings(this.members, desired);
  }

  /** From now on these servers stand in these places, and no others; returns what is held no longer, for them to let go of. */
  replace(next: ReadonlyMap<string, Place>): readonly Hold[] {
    const former = [...this.#places];
    this.#places.clear();
    for (const [id, place] of next) {
      this.#places.set(id, place);
      this.#ports.forget(id);
    }
    for (const [id, { spec, address }] of former) {
      if (!next.has(id)) this.#ports.rememberOne(id, { spec, address, up: false });
    }
    return former.map(([, { hold }]) => hold);
  }

  /** Nobody stands anywhere any more. */
  end(): void {
    this.#ports.remember(this.members);
    for (const { hold } of this.#places.values()) hold.release();
    this.#places.clear();
  }
}
