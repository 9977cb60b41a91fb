import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ballot, cast, count, openBallot, silent, type Vote } from '../../lib/worker-cluster/ballot.ts';

const refusal = (server: string) => ({ server, cause: new Error('no'), issues: [] });
const refused = (...servers: string[]): Vote => ({ type: 'refused', refusals: servers.map(refusal) });
const prepared: Vote = { type: 'prepared' };
const left: Vote = { type: 'left' };

const counted = (ballot: Ballot, ...votes: readonly (readonly [number, Vote])[]): string =>
  count(votes.reduce((all, [pid, vote]) => cast(all, pid, vote), ballot)).result;

describe('atomic', () => {
  const ballot = openBallot('atomic', [1, 2]);
  test.each([
    ['open', []],
    ['open', [[1, prepared]]],
    [
      'switch',
      [
        [1, prepared],
        [2, prepared],
      ],
    ],
    [
      'switch',
      [
        [1, left],
        [2, prepared],
      ],
    ],
    ['abort', [[1, refused('a')]]],
    [
      'abort',
      [
        [1, prepared],
        [2, refused('')],
      ],
    ],
    [
      'deserted',
      [
        [1, left],
        [2, left],
      ],
    ],
  ] as const)('%s', (result, votes) => {
    expect(counted(ballot, ...votes)).toBe(result);
  });
});

describe('independent', () => {
  const ballot = openBallot('independent', [1, 2]);
  test('hears everybody before it is tried again', () => {
    expect(counted(ballot, [1, refused('a')])).toBe('open');
    const all = [[1, refused('a')] as const, [2, refused('b')] as const].reduce(
      (before, [pid, vote]) => cast(before, pid, vote),
      ballot,
    );
    expect(count(all)).toMatchObject({ result: 'abort', refusals: [{ server: 'a' }, { server: 'b' }] });
  });

  test('but ends at once when it is about no server', () => {
    expect(counted(ballot, [1, refused('')])).toBe('abort');
  });
});

test('nobody takes part who was not asked, and nobody is asked: then nobody is left', () => {
  expect(counted(openBallot('atomic', [1]), [2, prepared])).toBe('open');
  expect(count(openBallot('atomic', []))).toEqual({ result: 'deserted' });
});

const votes = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom<Vote>(prepared, left, refused('a'), refused(''))),
);
const mode = fc.constantFrom('atomic' as const, 'independent' as const);

test('whatever is said, a switch means that nobody refused and nobody is silent', () => {
  fc.assert(
    fc.property(mode, votes, (commit, said) => {
      const ballot = said.reduce((all, [pid, vote]) => cast(all, pid, vote), openBallot(commit, [1, 2, 3, 4, 5]));
      const kinds = [...ballot.votes.values()].map(({ type }) => type);
      const { result } = count(ballot);
      if (result === 'switch') {
        expect(kinds).not.toContain('refused');
        expect(silent(ballot)).toEqual([]);
        expect(kinds).toContain('prepared');
      }
      if (result === 'open') expect(silent(ballot)).not.toEqual([]);
      const refusals = [...ballot.votes.values()].flatMap((vote) => (vote.type === 'refused' ? vote.refusals : []));
      const isFinal =
        commit === 'atomic' || silent(ballot).length === 0 || refusals.some(({ server }) => server === '');
      expect(result === 'abort').toBe(refusals.length > 0 && isFinal);
    }),
  );
});

test('the first word of a worker counts, and nothing that is said later opens a decision again', () => {
  fc.assert(
    fc.property(mode, votes, (commit, said) => {
      let ballot = openBallot(commit, [1, 2, 3, 4, 5]);
      let decided: string | undefined;
      for (const [pid, vote] of said) {
        const before = ballot.votes.get(pid);
        ballot = cast(ballot, pid, vote);
        if (before?.type !== 'asked') expect(ballot.votes.get(pid)).toBe(before);
        const { result } = count(ballot);
        if (decided !== undefined) expect(result).toBe(decided);
        if (result !== 'open') decided = result;
      }
    }),
  );
});
