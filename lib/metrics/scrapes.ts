import { firstValueFrom } from 'rxjs';
import { yieldTurn } from '../reactive/yield-turn.ts';
import type { Family, Sample } from './family.ts';
import type { Scrape } from './scrape.ts';

/**
 * Has every family of a scrape read the same moment, and each in turns of its own: those of a thousand servers are
 * tens of thousands of lines, and requests are served between two families.
 */
export class Scrapes {
  readonly #take: () => Scrape;
  #current: Scrape | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** @param take - reads everything that is exposed. */
  constructor(take: () => Scrape) {
    this.#take = take;
  }

  async read(family: Family<Scrape>): Promise<readonly Sample[]> {
    const scrape = this.#now();
    await this.#next();
    const samples = Array.from(family.samples(scrape));
    // Writing them down takes as long once more.
    await this.#next();
    return samples;
  }

  #next(): Promise<void> {
    this.#turn = this.#turn.then(() => firstValueFrom(yieldTurn()));
    return this.#turn;
  }

  /** A registry asks all families in one turn, before any of them answers: that is one scrape. */
  #now(): Scrape {
    if (this.#current !== undefined) return this.#current;
    this.#current = this.#take();
    queueMicrotask(() => {
      this.#current = undefined;
    });
    return this.#current;
  }
}
