import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger, type Request } from '../../lib/cluster/ledger.ts';
import type { Outcome } from '../../lib/cluster/outcome.ts';
import type { Verdict } from '../../lib/cluster/verdict.ts';

interface Book {
  readonly ledger: Ledger;
  /** `'2 rejected'`, as the ledger told everybody. */
  readonly told: string[];
  /** The same, as those who pushed heard it. */
  readonly heard: string[];
  push(): Request;
}

const open = (act: (outcome: Outcome, book: Book) => void = () => {}): Book => {
  const told: string[] = [];
  const heard: string[] = [];
  const ledger = new Ledger((outcome) => {
    told.push(`${outcome.revision} ${outcome.status}`);
    act(outcome, book);
  });
  const book: Book = {
    ledger,
    told,
    heard,
    push: () => ledger.enter({}, ({ revision, status }) => heard.push(`${revision} ${status}`)),
  };
  return book;
};

const unchanged: Verdict = { status: 'unchanged' };
const rejected: Verdict = { status: 'rejected', issues: [] };

test('requests are numbered from 1, and their outcomes say how long they took', () => {
  const outcomes: Outcome[] = [];
  const ledger = new Ledger((outcome) => outcomes.push(outcome));
  const request = ledger.enter('config', () => {});
  expect(request).toEqual({ revision: 1, config: 'config', options: {} });
  ledger.settle(request, rejected);
  expect(outcomes).toEqual([{ revision: 1, status: 'rejected', issues: [], durationMs: expect.any(Number) }]);
  expect(outcomes[0]?.durationMs).toBeGreaterThanOrEqual(0);
  expect(Object.isFrozen(outcomes[0])).toBe(true);
});

test('an outcome waits for those of older requests', () => {
  const { ledger, told, heard, push } = open();
  const [first, second, third] = [push(), push(), push()];
  ledger.settle(third, rejected);
  ledger.settle(second, unchanged);
  expect(told).toEqual([]);
  ledger.settle(first, unchanged);
  expect(told).toEqual(['1 unchanged', '2 unchanged', '3 rejected']);
  expect(heard).toEqual(told);
  expect(ledger.isEmpty).toBe(true);
});

test('what is decided is told only when that is asked for, and is not open any more', () => {
  const { ledger, told, push } = open();
  const [first, second] = [push(), push()];
  ledger.decide(first, unchanged);
  expect(told).toEqual([]);
  expect(ledger.open).toEqual([second]);
  expect(ledger.isEmpty).toBe(false);
  ledger.tell();
  expect(told).toEqual(['1 unchanged']);
});

test('a second verdict is ignored, before and after the outcome was told', () => {
  const { ledger, told, push } = open();
  const [first, second] = [push(), push()];
  ledger.settle(second, rejected);
  ledger.settle(second, unchanged);
  ledger.settle(first, unchanged);
  ledger.settle(first, rejected);
  expect(told).toEqual(['1 unchanged', '2 rejected']);
});

test('of those that wait for a start the newest are kept', () => {
  const { ledger, told, push } = open();
  const requests = Array.from({ length: 5 }, () => {
    const request = push();
    ledger.keep(2);
    return request;
  });
  expect(told).toEqual(['1 superseded', '2 superseded', '3 superseded']);
  expect(ledger.open).toEqual(requests.slice(3));
  ledger.keep(Number.POSITIVE_INFINITY);
  expect(ledger.open).toHaveLength(2);
});

test('cancelling leaves what is decided already as it is', () => {
  const { ledger, told, push } = open();
  const [, second] = [push(), push(), push()];
  ledger.decide(second, unchanged);
  ledger.cancel();
  expect(told).toEqual(['1 cancelled', '2 unchanged', '3 cancelled']);
  expect(ledger.isEmpty).toBe(true);
  ledger.cancel();
  expect(told).toHaveLength(3);
});

describe('those who are told', () => {
  test('may push and settle: everybody hears of it afterwards, in order', () => {
    const { told, heard, ledger, push } = open(({ revision }, book) => {
      if (revision < 4) book.ledger.settle(book.push(), rejected);
    });
    ledger.settle(push(), unchanged);
    expect(told).toEqual(['1 unchanged', '2 rejected', '3 rejected', '4 rejected']);
    expect(heard).toEqual(told);
  });

  test('may settle others before everybody has heard of theirs: the order is the same for all', () => {
    const told: number[] = [];
    const heard: number[] = [];
    const ledger = new Ledger(({ revision }) => told.push(revision));
    const others: Request[] = [];
    const first = ledger.enter({}, ({ revision }) => {
      heard.push(revision);
      for (const request of others) ledger.settle(request, rejected);
    });
    others.push(ledger.enter({}, ({ revision }) => heard.push(revision)));
    ledger.settle(first, unchanged);
    expect(told).toEqual([1, 2]);
    expect(heard).toEqual([1, 2]);
  });

  test('may cancel the rest', () => {
    const { told, ledger, push } = open((_, book) => book.ledger.cancel());
    const [first] = [push(), push(), push()];
    ledger.settle(first, unchanged);
    expect(told).toEqual(['1 unchanged', '2 cancelled', '3 cancelled']);
  });

  test('find their own request gone', () => {
    const empties: boolean[] = [];
    const { ledger, push } = open((_, book) => empties.push(book.ledger.isEmpty));
    const [first, second] = [push(), push()];
    ledger.settle(first, unchanged);
    ledger.settle(second, unchanged);
    expect(empties).toEqual([false, true]);
  });
});

test('every request gets exactly one outcome, in the order of the pushes, whatever happens in between', () => {
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ type: 'push' as const }) },
    { weight: 6, arbitrary: fc.record({ type: fc.constant('settle' as const), which: fc.nat({ max: 20 }) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('keep' as const), most: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.constant({ type: 'cancel' as const }) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.array(act, { maxLength: 10 }), (acts, nested) => {
      const requests: Request[] = [];
      const script = [...nested];
      const play = (book: Book, next: (typeof acts)[number]): void => {
        if (next.type === 'push') requests.push(book.push());
        else if (next.type === 'keep') book.ledger.keep(next.most);
        else if (next.type === 'cancel') book.ledger.cancel();
        else {
          const request = requests[next.which % Math.max(1, requests.length)];
          if (request !== undefined) book.ledger.settle(request, rejected);
        }
      };
      // Whoever is told acts as well, from inside the notification.
      const book = open((_, self) => {
        const next = script.shift();
        if (next !== undefined) play(self, next);
      });
      for (const next of acts) play(book, next);
      // What is pushed while the last ones are told is open again.
      while (!book.ledger.isEmpty) book.ledger.cancel();
      const revisions = book.told.map((line) => Number.parseInt(line, 10));
      expect(revisions).toEqual(requests.map(({ revision }) => revision));
      expect(book.heard).toEqual(book.told);
      expect(book.ledger.open).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('ten thousand requests that wait cost what they are, not their square', () => {
  const { ledger, told, push } = open();
  const requests = Array.from({ length: 10_000 }, () => {
    const request = push();
    ledger.keep(Number.POSITIVE_INFINITY);
    return request;
  });
  for (const request of requests.toReversed()) ledger.settle(request, unchanged);
  expect(told).toHaveLength(10_000);
});
