import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diff, planOf, type Standing, type Steps } from '../../lib/cluster/plan.ts';
import { type Address, formatAddress, overlaps, sameAddress } from '../../lib/config/address.ts';
import type { Strategy } from '../../lib/config/server-config.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';
import { anyActual, anyDesired } from './fixtures/specs.ts';

const strategy = fc.constantFrom('hot-swap' as const, 'stop-then-start' as const);

interface Case {
  readonly actual: ReadonlyMap<string, Standing>;
  readonly desired: ReadonlyMap<string, ServerSpec>;
  readonly strategy: Strategy;
}

const describeCase = ({ actual, desired, strategy }: Case): string => {
  const before = [...actual].map(([id, { spec, address, up }]) => {
    return `${id} ${formatAddress(spec.address)} at ${formatAddress(address)}${up ? '' : ' down'}`;
  });
  const after = [...desired].map(([id, spec]) => {
    const same = actual.get(id)?.spec === spec ? ' unchanged' : '';
    return `${id} ${formatAddress(spec.address)}${same} ${spec.strategy ?? strategy}`;
  });
  return `{ ${before.join(', ')} } → { ${after.join(', ')} }`;
};

/** What runs, what should run, and how changes are made; readable when it fails. */
const anyChange = anyActual.chain((actual) =>
  fc
    .record({ actual: fc.constant(actual), desired: anyDesired(actual), strategy })
    .map((made) => Object.assign(made, { [fc.toStringMethod]: () => describeCase(made) })),
);

const isAnyPort = (address: Address): boolean => address.kind === 'tcp' && address.port === 0;

/** Steps carried out on nothing but names: throws where a real socket would. */
const carryOut = (actual: ReadonlyMap<string, Standing>, { steps, release }: Steps): ReadonlyMap<string, Standing> => {
  const bound = new Map<string, Address>();
  const result = new Map<string, Standing>();
  for (const [id, one] of actual) {
    if (!one.up) continue;
    bound.set(formatAddress(one.address), one.address);
    result.set(id, one);
  }
  const attached = new Set(steps.filter(({ bind }) => !bind).map(({ to }) => to));
  const letGo = (id: string): void => {
    const from = actual.get(id);
    if (from !== undefined && !attached.has(formatAddress(from.address))) bound.delete(formatAddress(from.address));
  };
  for (const { server, action, displaces } of steps) {
    if (action === 'restart') letGo(server);
    displaces.forEach(letGo);
  }
  let freePort = 100;
  for (const { server, action, spec, toAddress, bind } of steps) {
    if (spec === undefined || toAddress === undefined) {
      result.delete(server);
      continue;
    }
    const text = formatAddress(toAddress);
    let address = toAddress;
    if (isAnyPort(toAddress) && toAddress.kind === 'tcp')
      address = { kind: 'tcp', host: toAddress.host, port: freePort++ };
    else if (!bind) expect(bound.has(text), `${server} is attached to ${text}, which nobody holds`).toBe(true);
    // A server that was stopped first may be put on the address that another one still holds and leaves.
    else if (!(action === 'restart' && bound.has(text))) {
      const inUse = [...bound.values()].filter((other) => overlaps(other, toAddress)).map(formatAddress);
      expect(inUse, `${server} binds ${text}`).toEqual([]);
    }
    bound.set(formatAddress(address), address);
    result.set(server, { spec, address, up: true });
  }
  for (const text of release) bound.delete(text);
  // Each held by exactly one server.
  const held = [...result.values()].map(({ address }) => formatAddress(address));
  expect([...bound.keys()].sort()).toEqual(held.sort());
  return result;
};

const isPossible = ({ steps }: Steps): boolean => steps.every(({ blockedBy }) => blockedBy === undefined);

const specsOf = (standings: ReadonlyMap<string, Standing>): ReadonlyMap<string, ServerSpec> =>
  new Map([...standings].map(([id, { spec }]) => [id, spec]));

const byName = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('carrying out the steps reaches what was desired, from whatever runs', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const steps = diff(actual, desired, strategy);
      fc.pre(isPossible(steps));
      const reached = carryOut(actual, steps);
      expect(byName(specsOf(reached))).toEqual(byName(desired));
      for (const [id, { spec, address }] of reached) {
        if (!isAnyPort(spec.address)) expect(address).toEqual(spec.address);
        else expect(isAnyPort(address), id).toBe(false);
      }
      expect(diff(reached, desired, strategy)).toEqual({ steps: [], release: [], unchanged: [...desired.keys()] });
    }),
    { numRuns: 2_000 },
  );
});

test('what runs already takes no step', () => {
  fc.assert(
    fc.property(anyActual, strategy, (actual, strategy) => {
      const up = new Map([...actual].filter(([, { up }]) => up));
      expect(diff(up, specsOf(up), strategy)).toEqual({ steps: [], release: [], unchanged: [...up.keys()] });
    }),
  );
});

test('every desired server is either changed or unchanged, every other one that is known is stopped', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const { steps, unchanged } = diff(actual, desired, strategy);
      const changed = steps.filter(({ action }) => action !== 'stop').map(({ server }) => server);
      const stopped = steps.filter(({ action }) => action === 'stop').map(({ server }) => server);
      expect([...changed, ...unchanged].sort()).toEqual([...desired.keys()].sort());
      expect(stopped.sort()).toEqual([...actual.keys()].filter((id) => !desired.has(id)).sort());
      for (const id of unchanged) expect(actual.get(id)).toMatchObject({ spec: desired.get(id), up: true });
    }),
  );
});

test('nobody who is not touched is in the way of anybody or loses an address', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const { steps, release, unchanged } = diff(actual, desired, strategy);
      const displaced = new Set(steps.flatMap(({ displaces }) => displaces));
      for (const id of unchanged) {
        expect(displaced).not.toContain(id);
        expect(release).not.toContain(formatAddress(actual.get(id)?.address ?? { kind: 'unix', path: '/never' }));
      }
    }),
  );
});

test('only servers that leave an overlapping address are displaced', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const { steps, release } = diff(actual, desired, strategy);
      for (const { displaces, toAddress } of steps) {
        for (const id of displaces) {
          const from = actual.get(id)?.address;
          expect(from !== undefined && toAddress !== undefined && overlaps(from, toAddress)).toBe(true);
          expect(from !== undefined && release.includes(formatAddress(from))).toBe(true);
        }
      }
    }),
  );
});

test('a step is blocked exactly when a server keeps a free port that overlaps with its address', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const keepers = [...desired].filter(([id, spec]) => {
        const there = actual.get(id);
        return there?.up === true && isAnyPort(spec.address) && sameAddress(there.spec.address, spec.address);
      });
      for (const { server, toAddress, blockedBy } of diff(actual, desired, strategy).steps) {
        const rivals = keepers
          .filter(([id]) => id !== server && toAddress !== undefined)
          .filter(([id]) =>
            overlaps(
              actual.get(id)?.address ?? { kind: 'unix', path: '/never' },
              toAddress ?? { kind: 'unix', path: '/x' },
            ),
          )
          .map(([id]) => id);
        if (rivals.length === 0) expect(blockedBy).toBeUndefined();
        else expect(rivals).toContain(blockedBy);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a plan is frozen, pure data that says the same as the steps', () => {
  fc.assert(
    fc.property(anyChange, ({ actual, desired, strategy }) => {
      const steps = diff(actual, desired, strategy);
      const plan = planOf(steps);
      expect(structuredClone(plan)).toEqual(plan);
      expect([plan, ...Object.values(plan), ...plan.changes].every(Object.isFrozen)).toBe(true);
      expect(plan.changes.map(({ server }) => server)).toEqual(steps.steps.map(({ server }) => server));
      for (const { action, from, to } of plan.changes) {
        expect(to === undefined).toBe(action === 'stop');
        if (action === 'update') expect(from).toBe(to);
        if (action === 'move') expect(from).not.toBe(to);
        if (action === 'start') expect(from).toBeUndefined();
      }
    }),
  );
});
