import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ExchangePhase, nextMove, type RollingSlot } from '../../lib/workers/rolling-plan.ts';

const all = (count: number): RollingSlot[] =>
  Array.from({ length: count }, (_, slot) => ({ slot, phase: 'waiting' }) satisfies RollingSlot);

const put = (slots: readonly RollingSlot[], slot: number, phase: ExchangePhase): RollingSlot[] =>
  slots.map((one) => (one.slot === slot ? { slot, phase } : one));

const always = (): boolean => true;

/** What happens by itself: a replacement becomes ready, an old process is gone. */
const later: Partial<Record<ExchangePhase, ExchangePhase>> = { booting: 'ready', leaving: 'done' };

/** Plays a restart; `chance` decides whose turn it is when several could go on. */
const play = (count: number, surge: number, chance: readonly number[]) => {
  let slots = all(count);
  const history: RollingSlot[][] = [slots];
  const takenOver: number[] = [];
  for (let turn = 0; turn < count * 8; turn += 1) {
    const move = nextMove(slots, { surge, mayLetGo: always });
    if (move?.type === 'takeOver') takenOver.push(move.slot);
    if (move !== undefined) slots = put(slots, move.slot, move.type === 'prepare' ? 'booting' : 'leaving');
    else {
      const moving = slots.filter(({ phase }) => later[phase] !== undefined);
      const one = moving[(chance[turn % chance.length] ?? 0) % Math.max(1, moving.length)];
      if (one === undefined) break;
      slots = put(slots, one.slot, later[one.phase] ?? one.phase);
    }
    history.push(slots);
  }
  return { history, takenOver, end: slots };
};

const restarts = fc.record({
  count: fc.integer({ min: 1, max: 12 }),
  surge: fc.integer({ min: 1, max: 5 }),
  chance: fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
});

describe('a rolling restart', () => {
  test('ends with every slot replaced, whatever is ready or gone first', () => {
    fc.assert(
      fc.property(restarts, ({ count, surge, chance }) => {
        expect(play(count, surge, chance).end.every(({ phase }) => phase === 'done')).toBe(true);
      }),
    );
  });

  test('lets slots be taken over in their order', () => {
    fc.assert(
      fc.property(restarts, ({ count, surge, chance }) => {
        expect(play(count, surge, chance).takenOver).toEqual(all(count).map(({ slot }) => slot));
      }),
    );
  });

  test('never has more processes than slots and surge together', () => {
    fc.assert(
      fc.property(restarts, ({ count, surge, chance }) => {
        for (const slots of play(count, surge, chance).history) {
          const extra = slots.filter(({ phase }) => phase !== 'waiting' && phase !== 'done').length;
          expect(extra).toBeLessThanOrEqual(surge);
        }
      }),
    );
  });

  test('lets nobody go while too few are active, and prepares meanwhile', () => {
    const slots = put(all(3), 0, 'ready');
    const limits = { surge: 2, mayLetGo: () => false };
    expect(nextMove(slots, limits)).toEqual({ type: 'prepare', slot: 1 });
    expect(nextMove(put(slots, 1, 'booting'), limits)).toBeUndefined();
  });

  test('starts the next replacement while the one before takes over, with a surge of 2', () => {
    const slots = put(all(3), 0, 'leaving');
    expect(nextMove(slots, { surge: 2, mayLetGo: always })).toEqual({ type: 'prepare', slot: 1 });
    expect(nextMove(slots, { surge: 1, mayLetGo: always })).toBeUndefined();
  });
});
