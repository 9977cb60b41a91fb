import type { Member } from './member.ts';

/** A member that leaves when its turn comes. */
interface Waiting {
  /** Members before it that are still alive. */
  left: number;
  /** Its turn has come; a second time is nothing. */
  go(): void;
}

/**
 * Who leaves after whom: a server stays until those that depend on it, and were told to leave before it, have gone.
 *
 * Everybody waits only for who was told earlier, so that nobody waits for ever, whatever depends on what. What has no
 * dependents begins to leave in the same turn.
 */
export class Departures {
  /** Members that are on their way out, by the id of what they depend on. */
  readonly #dependents = new Map<string, Set<Member>>();
  /** Who waits for the end of a member. */
  readonly #awaited = new Map<Member, Waiting[]>();
  readonly #waiting = new Map<Member, Waiting>();

  /** Has `begin` called when it is this member's turn to leave; with `true` when that was not at once. */
  tell(member: Member, begin: (waited: boolean) => void): void {
    if (member.over || this.#waiting.has(member)) return;
    const before = [...(this.#dependents.get(member.spec.id) ?? [])];
    for (const id of member.spec.dependsOn) {
      const dependents = this.#dependents.get(id);
      if (dependents === undefined) this.#dependents.set(id, new Set([member]));
      else dependents.add(member);
    }
    if (before.length === 0) {
      begin(false);
      return;
    }
    const waiting: Waiting = {
      left: before.length,
      go: () => {
        if (this.#waiting.delete(member)) begin(true);
      },
    };
    this.#waiting.set(member, waiting);
    for (const dependent of before) {
      const all = this.#awaited.get(dependent);
      if (all === undefined) this.#awaited.set(dependent, [waiting]);
      else all.push(waiting);
    }
  }

  /** It was told to leave, and still serves those before it. */
  waits(member: Member): boolean {
    return this.#waiting.has(member);
  }

  /** Its turn comes now, whoever is still there: its address is needed. */
  hurry(member: Member): void {
    this.#waiting.get(member)?.go();
  }

  /** A member has ended: those that waited for nobody else begin to leave. */
  gone(member: Member): void {
    this.#waiting.delete(member);
    for (const id of member.spec.dependsOn) {
      const dependents = this.#dependents.get(id);
      if (dependents?.delete(member) === true && dependents.size === 0) this.#dependents.delete(id);
    }
    const all = this.#awaited.get(member);
    if (all === undefined) return;
    this.#awaited.delete(member);
    for (const waiting of all) {
      waiting.left -= 1;
      if (waiting.left === 0) waiting.go();
    }
  }

  /** Nobody waits for anybody any more. */
  clear(): void {
    this.#dependents.clear();
    this.#awaited.clear();
    this.#waiting.clear();
  }
}
