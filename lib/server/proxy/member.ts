import type { Candidate } from './balance.ts';
import { hashText } from './rendezvous.ts';
import type { Target } from './targets.ts';

/** A target as one route sees it. */
export class Member implements Candidate {
  readonly target: Target;
  readonly weight: number;
  readonly place: number;
  credit: number;

  constructor(target: Target, weight: number, credit = 0) {
    this.target = target;
    this.weight = weight;
    this.credit = credit;
    this.place = hashText(target.name);
  }

  get inFlight(): number {
    return this.target.inFlight;
  }

  get restsUntil(): number {
    return this.target.restsUntil;
  }
}
