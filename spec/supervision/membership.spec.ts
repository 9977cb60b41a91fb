import fc from 'fast-check';
import { of } from 'rxjs';
import { expect, test } from 'vitest';
import type { CompositeMember, Configurable } from '../../lib/supervision/composite-member.ts';
import { type Present, planMembership } from '../../lib/supervision/membership.ts';

const object = (): Configurable => ({ state$: of('Running'), start: () => undefined, stop: () => undefined });
const present = (members: readonly CompositeMember[], can: Partial<Present> = {}): readonly Present[] =>
  members.map((member, at) => ({ id: at + 1, member, canConfigure: false, canReload: false, over: false, ...can }));
const types = (before: readonly Present[], wanted: readonly CompositeMember[]) =>
  planMembership(before, wanted).slots.map(({ type }) => type);

test('the same object, or the same function, is left alone', () => {
  const members = [
    { name: 'a', runnable: object() },
    { name: 'b', runnable: object },
    { name: 'c', runnable: object(), config: { deep: [1, { x: 2 }] } },
  ];
  const copy = members.map((member) => structuredCloneOfConfig(member));
  expect(planMembership(present(members), copy)).toEqual({
    slots: copy.map((member, at) => ({ type: 'keep', id: at + 1, member })),
    departed: [],
  });
});

const structuredCloneOfConfig = (member: CompositeMember): CompositeMember =>
  member.config === undefined ? { ...member } : { ...member, config: structuredClone(member.config) };

test('functions are not compared when the config says what they make', () => {
  const listed = (port: number): CompositeMember => ({ name: 'a', config: { port }, runnable: () => object() });
  expect(types(present([listed(1)]), [listed(1)])).toEqual(['keep']);
  expect(types(present([listed(1)]), [listed(2)])).toEqual(['start']);
  expect(types(present([listed(1)], { canConfigure: true }), [listed(2)])).toEqual(['configure']);
  // Reading again would give what the old function was made with.
  expect(types(present([listed(1)], { canReload: true }), [listed(2)])).toEqual(['start']);
});

test('functions without a config are what they are', () => {
  const before: CompositeMember = { name: 'a', runnable: () => object() };
  expect(types(present([before]), [{ name: 'a', runnable: () => object() }])).toEqual(['start']);
});

test('an object whose config changed is told, or stopped and started when it cannot be', () => {
  const runnable = object();
  const before = [{ name: 'a', runnable, config: 1 }];
  const after = [{ name: 'a', runnable, config: 2 }];
  expect(types(present(before, { canConfigure: true }), after)).toEqual(['configure']);
  expect(types(present(before, { canReload: true }), after)).toEqual(['configure']);
  expect(types(present(before), after)).toEqual(['swap']);
});

test('another runnable under the same name takes its place, first or last as its member says', () => {
  const before = present([{ name: 'a', runnable: object() }]);
  const member = { name: 'a', runnable: object() };
  expect(planMembership(before, [member])).toEqual({ slots: [{ type: 'start', member, instead: 1 }], departed: [] });
  const last = { ...member, replace: 'stop-first' } as const;
  expect(planMembership(before, [last])).toEqual({ slots: [{ type: 'swap', member: last, instead: 1 }], departed: [] });
});

test('an object is known by itself: with another name it is not started twice, and its old name is free', () => {
  const [one, two] = [object(), object()];
  const before = present([{ name: 'a', runnable: one }]);
  const renamed = { name: 'b', runnable: one };
  expect(planMembership(before, [renamed])).toEqual({
    slots: [{ type: 'keep', id: 1, member: renamed }],
    departed: [],
  });
  expect(types(before, [{ name: 'a', runnable: two }, renamed])).toEqual(['start', 'keep']);
});

test('one that is over starts again when its config changed', () => {
  const runnable = object();
  const job = { name: 'job', runnable, config: 1, restart: 'transient' } as const;
  const ended = present([job], { over: true, canConfigure: true, canReload: true });
  const slot = (member: CompositeMember, before = ended) => planMembership(before, [member]).slots[0];
  expect(slot(job)).toMatchObject({ type: 'keep' });
  expect(slot({ ...job, config: 2 })).toMatchObject({ type: 'configure', again: true });
  // Reading again is what starting does.
  expect(slot({ ...job, config: 2 }, present([job], { over: true, canReload: true }))).toMatchObject({
    type: 'swap',
  });
  const made = { name: 'job', runnable: object, config: 1 };
  expect(slot({ ...made, config: 2 }, present([made], { over: true, canConfigure: true }))).toMatchObject({
    type: 'start',
  });
});

test('what cannot be compared counts as changed', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const other: { self?: unknown } = {};
  other.self = other;
  const runnable = object();
  expect(
    types(present([{ name: 'a', runnable, config: cyclic }], { canReload: true }), [
      { name: 'a', runnable, config: other },
    ]),
  ).toEqual(['configure']);
});

test('a plan reaches what is wanted, and everybody in force is kept, told, replaced or let go exactly once', () => {
  const objects = Array.from({ length: 6 }, object);
  const functions = Array.from({ length: 3 }, () => () => object());
  const member = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    runnable: fc.oneof(fc.constantFrom(...objects), fc.constantFrom(...functions)),
    config: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
    replace: fc.constantFrom('start-first', 'stop-first'),
  });
  const members = fc
    .uniqueArray(member, { selector: ({ name }) => name, maxLength: 6 })
    .map((list) =>
      list.filter(
        ({ runnable }, at) =>
          typeof runnable === 'function' || list.findIndex((other) => other.runnable === runnable) === at,
      ),
    );
  fc.assert(
    fc.property(members, members, fc.boolean(), fc.boolean(), (was, wanted, canConfigure, canReload) => {
      const before = present(was, { canConfigure, canReload });
      const { slots, departed } = planMembership(before, wanted);
      expect(slots.map((slot) => slot.member)).toEqual(wanted);
      const seen = [...slots.flatMap((slot) => ('id' in slot ? [slot.id] : [slot.instead ?? []].flat())), ...departed];
      expect(seen.toSorted()).toEqual(before.map(({ id }) => id));
      for (const slot of slots) {
        if (slot.type !== 'start') continue;
        const { runnable } = slot.member;
        const runs = before.some((one) => one.member.runnable === runnable);
        // Started beside what runs: never the very object that runs.
        expect(typeof runnable !== 'function' && runs).toBe(false);
      }
      expect(planMembership(present(wanted), wanted).slots.every(({ type }) => type === 'keep')).toBe(true);
    }),
  );
});
