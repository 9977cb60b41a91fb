import { oneLine } from '../../config/received.ts';
import type { LiveTarget, LiveTargets } from '../../config/target-config.ts';
import { urlOfTarget, weightOf } from '../../config/target-config.ts';
import type { Logger } from '../../log/logger.ts';
import { Member } from './member.ts';
import type { Target } from './targets.ts';

/** Says who the members of a route are now. The same array means the same members. */
export type Lineup = () => readonly Member[];

/** Where a live lineup is, and what it needs. */
export interface LineupSite {
  readonly server: string;
  readonly logger: Logger;
  /** The target by its text; `undefined` when that is none. */
  readonly find: (url: string) => Target | undefined;
}

type Given = readonly (string | LiveTarget)[];

const sinceOf = (given: string | LiveTarget): number | undefined =>
  typeof given === 'string' ? undefined : given.since;

/**
 * The members of a route whose targets come and go. Whoever stays keeps what is known of it; whoever comes, or was
 * started anew, is asked again at once.
 */
export class LiveLineup {
  readonly #ask: LiveTargets;
  readonly #site: LineupSite;
  #given: Given | undefined;
  #members: readonly Member[] = [];
  #since: ReadonlyMap<Target, number | undefined> = new Map();
  /** Texts that are no targets, and have been complained about. */
  #refused: ReadonlySet<string> = new Set();
  #isFailing = false;

  constructor(ask: LiveTargets, site: LineupSite) {
    this.#ask = ask;
    this.#site = site;
  }

  /** Asks who they are. When that fails they stay who they were, and it is told once. */
  readonly members: Lineup = () => {
    try {
      const given = this.#ask();
      if (given !== this.#given) this.#assemble(given);
      this.#isFailing = false;
    } catch (cause) {
      const { logger, server } = this.#site;
      if (!this.#isFailing) logger.error(`server ${server}: who the targets are cannot be learnt, they stay`, cause);
      this.#isFailing = true;
    }
    return this.#members;
  };

  #assemble(given: Given): void {
    const isFirst = this.#given === undefined;
    const known = new Map(this.#members.map((member) => [member.target, member]));
    const since = new Map<Target, number | undefined>();
    const members: Member[] = [];
    const refused = new Set<string>();
    for (const one of given) {
      const weight = weightOf(one);
      const target = weight === 0 ? undefined : this.#find(urlOfTarget(one), refused);
      // Twice the same one: once.
      if (target === undefined || since.has(target)) continue;
      const member = known.get(target);
      since.set(target, sinceOf(one));
      if (!isFirst && (member === undefined || this.#since.get(target) !== sinceOf(one)))
        target.wake(performance.now());
      members.push(member?.weight === weight ? member : new Member(target, weight, member?.credit));
    }
    const wasEmpty = !isFirst && this.#members.length === 0;
    this.#given = given;
    this.#since = since;
    this.#refused = refused;
    this.#members = members;
    this.#tell(wasEmpty, members.length === 0);
  }

  /** One line when nobody is left, one when somebody is there again: not one for each request. */
  #tell(wasEmpty: boolean, isEmpty: boolean): void {
    const { logger, server } = this.#site;
    if (isEmpty && !wasEmpty) logger.warn(`server ${server}: no target is ready, requests are answered with 503`);
    if (wasEmpty && !isEmpty) logger.info(`server ${server}: targets are ready again`);
  }

  #find(url: string, refused: Set<string>): Target | undefined {
    const target = this.#site.find(url);
    if (target !== undefined) return target;
    refused.add(url);
    const { logger, server } = this.#site;
    if (!this.#refused.has(url))
      logger.error(`server ${server}: '${oneLine(url, 100)}' is no target and gets no requests`);
    return undefined;
  }
}
