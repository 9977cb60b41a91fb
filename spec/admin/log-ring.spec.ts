import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogRing } from '../../lib/admin/log-ring.ts';

const entry = (text: string) => ({ text, isWrong: false, event: {} });

test('it keeps the last entries, no more of them and of their characters than it may', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 })), fc.integer({ min: 1, max: 8 }), (texts, most) => {
      const ring = createLogRing(most, 40);
      for (const text of texts) ring.add(entry(text));
      const kept = ring.last(100).map(({ text }) => text);
      expect(kept).toEqual(texts.slice(texts.length - kept.length));
      expect(kept.length).toBeLessThanOrEqual(most);
      if (kept.length > 1) expect(kept.join('').length).toBeLessThanOrEqual(40);
      expect(kept.length).toBeGreaterThan(texts.length === 0 ? -1 : 0);
    }),
  );
});

test('it gives as many of the last as are asked for, and tells of new ones', () => {
  const ring = createLogRing();
  const heard: string[] = [];
  ring.entries$.subscribe(({ text }) => heard.push(text));
  for (const text of ['a', 'b', 'c']) ring.add(entry(text));
  expect(ring.last(2).map(({ text }) => text)).toEqual(['b', 'c']);
  expect([ring.last(0), ring.last(-1), heard]).toEqual([[], [], ['a', 'b', 'c']]);
});
