import type { Refusal } from '../cluster/outcome.ts';
import type { CommitMode } from '../config/server-config.ts';

/**
 * What a worker said about a config.
 *
 * - `asked`: nothing yet.
 * - `prepared`: it can switch at any moment.
 * - `refused`: it cannot; each refusal names a server, or none when it is about the worker.
 * - `left`: it leaves anyway; nobody waits for it, and nothing depends on it.
 */
export type Vote =
  | { readonly type: 'asked' }
  | { readonly type: 'prepared' }
  | { readonly type: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly type: 'left' };

/** The votes of all workers that take part, by process. */
export interface Ballot {
  readonly mode: CommitMode;
  readonly votes: ReadonlyMap<number, Vote>;
}

/** What votes amount to. */
export type Count =
  | { readonly result: 'open' }
  /** All that are left are prepared: there is no way back from here. */
  | { readonly result: 'switch' }
  /** Nobody changes. */
  | { readonly result: 'abort'; readonly refusals: readonly Refusal[] }
  /** Nobody is left of those that were asked. */
  | { readonly result: 'deserted' };

const ASKED: Vote = { type: 'asked' };

export const openBallot = (mode: CommitMode, workers: Iterable<number>): Ballot => ({
  mode,
  votes: new Map(Array.from(workers, (pid) => [pid, ASKED])),
});

/**
 * Counts a vote in. Pure. The first word of a worker counts, except that one which leaves has no say any more, and that
 * what befalls one after it was prepared is no obstacle: its successor gets what is in force by then.
 */
export const cast = (ballot: Ballot, pid: number, vote: Vote): Ballot => {
  const before = ballot.votes.get(pid);
  if (before === undefined || before.type !== 'asked') return ballot;
  return { ...ballot, votes: new Map(ballot.votes).set(pid, vote) };
};

/** Those that have not said anything yet. Pure. */
export const silent = ({ votes }: Ballot): readonly number[] =>
  [...votes].filter(([, { type }]) => type === 'asked').map(([pid]) => pid);

/**
 * What the votes amount to. Pure.
 *
 * `atomic`: the first refusal decides. `independent`: everybody is heard first, so that the next attempt can do without
 * all servers that anybody refused; a refusal that is about no server decides at once.
 */
export const count = ({ mode, votes }: Ballot): Count => {
  const all = [...votes.values()];
  const refusals = all.flatMap((vote) => (vote.type === 'refused' ? vote.refusals : []));
  const isFinal = mode === 'atomic' || refusals.some(({ server }) => server === '');
  const isOpen = all.some(({ type }) => type === 'asked');
  if (refusals.length > 0 && (isFinal || !isOpen)) return { result: 'abort', refusals };
  if (isOpen) return { result: 'open' };
  return all.every(({ type }) => type === 'left') ? { result: 'deserted' } : { result: 'switch' };
};
