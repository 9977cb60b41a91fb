import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPool } from '../../lib/pool/create-pool.ts';
import { PoolError } from '../../lib/pool/errors.ts';
import type { Pool } from '../../lib/pool/pool.ts';
import type { PoolServerConfig } from '../../lib/pool/pool-server.ts';
import { accepts, ask } from '../cluster/fixtures/asking.ts';
import { createJournal } from '../cluster/fixtures/journal.ts';
import { freeAddresses } from '../cluster/fixtures/ports.ts';
import { createSockets, listening } from '../cluster/fixtures/sockets.ts';

const PLACES = 4;

const place = fc.nat({ max: PLACES - 1 });
const word = fc.constantFrom('x', 'y', 'z');
const servers = fc.uniqueArray(fc.record({ at: place, word }), { selector: ({ at }) => at });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('store' as const), at: place, word }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('update' as const), at: place, word }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('move' as const), at: place, to: place }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('merge' as const), servers }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reload' as const), servers }) },
  { weight: 3, arbitrary: fc.constantFrom({ type: 'start' as const }, { type: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'stop' as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('start one' as const, 'stop one' as const), at: place }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Modelled {
  readonly word: string;
  readonly wanted: boolean;
}

/** What a pool should be, as simply as it can be said. */
class Model {
  entries: ReadonlyMap<number, Modelled> = new Map();
  started = false;
  live = false;

  take(one: Step): void {
    const { entries } = this;
    /** Who was stopped on its own stays so, whatever else is said of it. */
    const changed = (at: number, now: string): Modelled => ({
      word: now,
      wanted: entries.get(at)?.wanted ?? this.started,
    });
    const want = (wanted: boolean, only?: number): void => {
      this.entries = new Map(
        Array.from(entries, ([at, kept]) => [at, only === undefined || only === at ? { ...kept, wanted } : kept]),
      );
    };
    switch (one.type) {
      case 'store': {
        const wanted = this.started || entries.get(one.at)?.wanted === true;
        this.entries = new Map(entries).set(one.at, { word: one.word, wanted });
        break;
      }
      case 'delete':
        this.entries = new Map([...entries].filter(([at]) => at !== one.at));
        break;
      case 'update':
        if (entries.has(one.at)) this.entries = new Map(entries).set(one.at, changed(one.at, one.word));
        break;
      case 'move':
        if (entries.has(one.to)) break;
        this.entries = new Map(Array.from(entries, ([at, kept]) => [at === one.at ? one.to : at, kept]));
        break;
      case 'merge':
        this.entries = new Map([
          ...entries,
          ...one.servers.map(({ at, word: now }) => [at, changed(at, now)] as const),
        ]);
        break;
      case 'reload':
        this.entries = new Map(one.servers.map(({ at, word: now }) => [at, changed(at, now)]));
        break;
      case 'restart':
        if (!this.live) this.take({ type: 'start' });
        break;
      case 'start':
        this.started = true;
        this.live = true;
        want(true);
        break;
      case 'stop':
        this.started = false;
        this.live = false;
        want(false);
        break;
      case 'start one':
        this.live ||= entries.has(one.at);
        want(true, one.at);
        break;
      case 'stop one':
        want(false, one.at);
        break;
    }
  }
}

const done = (one: Step, pool: Pool, addresses: readonly string[]): Promise<unknown> => {
  const address = (at: number): string => addresses[at] ?? '';
  const config = (at: number, now: string): PoolServerConfig => {
    return { name: `s${at}`, listen: address(at), routes: [{ path: '*', respond: { body: now } }] };
  };
  const configs = (list: readonly { readonly at: number; readonly word: string }[]): readonly PoolServerConfig[] =>
    list.map(({ at, word: now }) => config(at, now));
  const server = 'at' in one ? pool.load(address(one.at)) : undefined;
  switch (one.type) {
    case 'store':
      return pool.storeNew(config(one.at, one.word));
    case 'delete':
      return pool.delete(address(one.at));
    case 'update':
      return server?.update({ routes: [{ path: '*', respond: { body: one.word } }] }) ?? Promise.resolve();
    case 'move':
      return server?.update({ listen: address(one.to) }) ?? Promise.resolve();
    case 'merge':
      return pool.merge(createPool({ logger: createJournal() }, ...configs(one.servers)));
    case 'reload':
      return pool.reload(configs(one.servers));
    case 'start':
      return pool.start();
    case 'restart':
      return pool.restart();
    case 'stop':
      return pool.stop();
    case 'start one':
      return server?.start() ?? Promise.resolve();
    case 'stop one':
      return server?.stop() ?? Promise.resolve();
  }
};

test('whatever is done to a pool, it is what a plain list of servers would be, on the sockets as well', async () => {
  const addresses = await freeAddresses(PLACES);
  const before = await listening();
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
    const pool = createPool({ logger: createJournal() });
    const model = new Model();
    try {
      for (const one of steps) {
        const isConflict =
          one.type === 'move' && one.to !== one.at && model.entries.has(one.at) && model.entries.has(one.to);
        const failure: unknown = await done(one, pool, addresses).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (isConflict) expect(failure).toMatchObject({ name: PoolError.name, code: 'ERR_POOL_CONFLICT' });
        else expect(failure).toBeUndefined();
        model.take(one);

        const wanted = Array.from(model.entries, ([at, { wanted: isWanted }]) => [
          addresses[at],
          model.live && isWanted,
        ]);
        expect(Array.from(pool, ([bind, server]) => [bind, server.isRunning()])).toEqual(wanted);
        expect(pool.size).toBe(model.entries.size);
        expect(pool.cluster.snapshot.degraded).toBe(false);
      }
      for (const [at, address] of addresses.entries()) {
        const expected = model.entries.get(at);
        if (model.live && expected?.wanted === true) expect(await ask(address)).toBe(expected.word);
        else expect(await accepts(address)).toBe(false);
      }
    } finally {
      await pool[Symbol.asyncDispose]();
    }
  });
  await fc.assert(property, { numRuns: 60 });
  expect(await listening()).toBe(before);
}, 60_000);

test('what is asked for all at once comes out as if it had been asked for one after the other', async () => {
  const addresses = await freeAddresses(PLACES);
  const asked = fc.array(
    step.filter(({ type }) => ['store', 'delete', 'merge', 'reload'].includes(type)),
    { minLength: 2, maxLength: 12 },
  );
  const property = fc.asyncProperty(asked, fc.boolean(), async (steps, isStarted) => {
    const pool = createPool({ logger: createJournal() });
    const model = new Model();
    try {
      if (isStarted) {
        await pool.start();
        model.take({ type: 'start' });
      }
      await Promise.all(steps.map((one) => done(one, pool, addresses)));
      for (const one of steps) model.take(one);
      expect([...pool.keys()]).toEqual(Array.from(model.entries.keys(), (at) => addresses[at]));
      for (const [at, { word: expected }] of model.entries) {
        if (isStarted) expect(await ask(addresses[at] ?? '')).toBe(expected);
      }
    } finally {
      await pool[Symbol.asyncDispose]();
    }
  });
  await fc.assert(property, { numRuns: 40 });
}, 60_000);

test('whatever cannot be bound meanwhile: what was refused has changed nothing, and all of it runs in the end', async () => {
  const addresses = await freeAddresses(PLACES);
  const before = await listening();
  const faulty = fc.record({ one: step, bad: fc.subarray([0, 1, 2, 3]) });
  const property = fc.asyncProperty(fc.array(faulty, { minLength: 3, maxLength: 14 }), async (steps) => {
    const sockets = createSockets();
    const pool = createPool({ logger: createJournal(), listeners: sockets.listeners });
    const model = new Model();
    try {
      for (const { one, bad } of steps) {
        sockets.fault((address) => (bad.some((at) => addresses[at] === address) ? 'refuse' : 'none'));
        const changes = !['start', 'restart', 'start one', 'stop one', 'stop'].includes(one.type);
        const failure: unknown = await done(one, pool, addresses).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure !== undefined) expect(failure).toBeInstanceOf(PoolError);
        if (failure === undefined || !changes) model.take(one);
        expect([...pool.keys()]).toEqual(Array.from(model.entries.keys(), (at) => addresses[at]));
        for (const server of pool.values()) if (server.isRunning()) expect(server.error).toBeUndefined();
        expect(sockets.open.toSorted()).toEqual(
          Array.from(pool.values())
            .flatMap((server) => (server.isRunning() ? [server.bind] : []))
            .toSorted(),
        );
      }
      sockets.heal();
      await pool.start();
      for (const [at, { word: expected }] of model.entries) expect(await ask(addresses[at] ?? '')).toBe(expected);
      expect(pool.cluster.snapshot.degraded).toBe(false);
    } finally {
      await pool[Symbol.asyncDispose]();
    }
  });
  await fc.assert(property, { numRuns: 60 });
  expect(await listening()).toBe(before);
}, 60_000);
