import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../lib/config/errors.ts';
import { emptyPlan, idle, verdictOf } from '../../lib/pool/verdict.ts';

const about = { revision: 1, durationMs: 1 };
const cause = new Error('taken');
const issue = (server: string) => ({ server, path: 'listen', expected: '', received: '', message: 'overlaps' });

describe('an outcome means for the servers', () => {
  test('that they run, except for those that stayed behind', () => {
    const plan = { ...emptyPlan, unchanged: ['a'] };
    const refused = [{ server: 'b', cause, issues: [] }];
    expect(verdictOf({ ...about, status: 'committed', plan, refused })).toEqual({
      status: 'done',
      refused: new Map([['b', cause]]),
      plan,
    });
    expect(verdictOf({ ...about, status: 'unchanged' })).toMatchObject({ status: 'done', plan: emptyPlan });
  });

  test('that nothing has changed, because of all that are named', () => {
    const rolledBack = { ...about, status: 'rolledBack', server: 'a', cause, unrestored: [] } as const;
    expect([...verdictOf(rolledBack).refused.keys()]).toEqual(['a']);
    const refused = ['a', 'b'].map((server) => ({ server, cause, issues: [] }));
    expect(verdictOf({ ...rolledBack, refused })).toMatchObject({
      status: 'undone',
      refused: new Map([
        ['a', cause],
        ['b', cause],
      ]),
    });
    const verdict = verdictOf({ ...about, status: 'rejected', issues: [issue('a'), issue('b'), issue('a')] });
    expect(verdict.status).toBe('undone');
    expect(verdict.refused.get('a')).toBeInstanceOf(ConfigError);
    expect(verdict.refused.get('a')).toMatchObject({ issues: [issue('a'), issue('a')] });
    expect([...verdict.refused.keys()]).toEqual(['a', 'b']);
  });

  test('nothing when nobody looked at what was asked', () => {
    expect(verdictOf({ ...about, status: 'cancelled' })).toBe(idle);
    expect(verdictOf({ ...about, status: 'superseded' })).toBe(idle);
  });
});
