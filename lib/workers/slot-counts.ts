import type { WorkersSnapshot } from './snapshot.ts';
import { type Share, Tally } from './tally.ts';

/** Restarts and crashes over all slots there were: those of a slot that is gone after a scaling down stay counted. */
export class SlotCounts {
  readonly #tally = new Tally();
  readonly #slots = new Map<number, Share>();

  observe({ workers }: Pick<WorkersSnapshot, 'workers'>): void {
    for (const { slot, restarts, crashes } of workers) this.#of(slot).count({ restarts, crashes });
    const present = new Set(workers.map(({ slot }) => slot));
    for (const slot of this.#slots.keys()) if (!present.has(slot)) this.#slots.delete(slot);
  }

  get restarts(): number {
    return this.#tally.total('restarts');
  }

  get crashes(): number {
    return this.#tally.total('crashes');
  }

  #of(slot: number): Share {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const made = this.#tally.begin();
    this.#slots.set(slot, made);
    return made;
  }
}
