import fc from 'fast-check';
import { NEVER } from 'rxjs';
import { expect, test } from 'vitest';
import { decideComposite } from '../../lib/supervision/composite-decide.ts';
import type {
  CompositeEffect,
  CompositeEvent,
  CompositeLife,
  Membership,
} from '../../lib/supervision/composite-life.ts';
import { newCompositeLife } from '../../lib/supervision/composite-life.ts';
import type { CompositeMember, Configurable } from '../../lib/supervision/composite-member.ts';
import { RunnableError } from '../../lib/supervision/errors.ts';
import type { RestartStrategy } from '../../lib/supervision/restart-strategy.ts';

const object = (): Configurable => ({ state$: NEVER, start: () => undefined, stop: () => undefined });
const objects = Array.from({ length: 4 }, object);
const factory = (): Configurable => object();

type How = 'well' | 'badly' | 'by itself';

/**
 * A world without time in which a composite lives: what it asks for lies about until somebody picks it up and answers,
 * well or badly, in whatever order. What must hold at any moment is checked at every step.
 */
class World {
  life: CompositeLife;
  /** What can be answered next. */
  pending: CompositeEffect[] = [];
  /** Attempts that run, by child. */
  readonly running = new Map<number, { readonly member: CompositeMember; phase: 'starting' | 'up' | 'stopping' }>();
  readonly settled: { readonly revision: number; readonly status: string }[] = [];
  inForce: readonly string[] = [];
  pushed = 0;
  #atMs = 0;

  constructor(strategy: RestartStrategy, intensity: number) {
    const restart = { intensity, periodMs: 1000, initialMs: 1, maxMs: 1 };
    this.life = newCompositeLife({ name: 'apps', strategy, restart });
    this.happens({ type: 'begin' });
  }

  happens(event: CompositeEvent): void {
    const { life, effects } = decideComposite(this.life, event);
    this.life = life;
    for (const effect of effects) this.#do(effect);
  }

  push(members: readonly CompositeMember[]): void {
    if (this.isOver) return;
    this.pushed += 1;
    this.happens({ type: 'members', membership: { revision: this.pushed, members } satisfies Membership });
  }

  get isOver(): boolean {
    return this.life.state === 'Stopped' || this.life.state === 'Error';
  }

  /** Something that runs fails or ends by itself. */
  loses(choice: number, how: How): void {
    const up = [...this.running].filter(([, { phase }]) => phase !== 'stopping');
    const [id] = up[choice % Math.max(up.length, 1)] ?? [];
    if (id === undefined) return;
    this.pending = this.pending.filter((effect) => effect.type !== 'launch' || effect.id !== id);
    this.#gone(id, how);
  }

  /** Somebody picks up one thing that is asked for. */
  answers(choice: number, how: How): void {
    const effect = this.pending[choice % Math.max(this.pending.length, 1)];
    if (effect === undefined) return;
    this.pending = this.pending.filter((other) => other !== effect);
    switch (effect.type) {
      case 'launch': {
        const attempt = this.running.get(effect.id);
        if (attempt?.phase !== 'starting') break;
        if (how === 'well') {
          attempt.phase = 'up';
          this.happens({ type: 'running', id: effect.id, canConfigure: effect.id % 2 === 0, canReload: true });
        } else this.#gone(effect.id, how);
        break;
      }
      case 'halt':
        this.#gone(effect.id, 'by itself');
        break;
      case 'wait':
        this.happens({ type: 'due', id: effect.id });
        break;
      case 'tell': {
        const { step } = effect;
        this.happens(how === 'badly' ? { type: 'refused', step, cause: new Error('no') } : { type: 'taken', step });
        break;
      }
      case 'leave':
        this.happens({ type: 'left', afterMs: effect.afterMs });
    }
  }

  /** Everything that is asked for is done, and well. */
  comesToRest(): void {
    for (let left = 10_000; this.pending.length > 0; left -= 1) {
      if (left === 0) throw new Error('it never comes to rest');
      this.answers(0, 'well');
    }
  }

  #gone(id: number, how: How): void {
    const attempt = this.running.get(id);
    if (attempt === undefined) return;
    this.running.delete(id);
    this.#atMs += 1;
    this.happens({
      type: 'gone',
      id,
      error: how === 'badly' ? new RunnableError(attempt.member.name, 'run') : undefined,
      abandoned: false,
      failedToStop: false,
      atMs: this.#atMs,
      random: 0,
    });
  }

  #do(effect: CompositeEffect): void {
    if (effect.type === 'settle') {
      const { outcome, membership } = effect;
      this.settled.push(outcome);
      if (membership !== undefined) this.inForce = membership.members.map(({ name }) => name);
    }
    if (effect.type === 'launch') {
      const { id, member } = effect;
      expect(this.running.has(id)).toBe(false);
      // Nothing that runs is started once more, under whatever name.
      const twins = [...this.running.values()].filter((other) => other.member.runnable === member.runnable);
      expect(typeof member.runnable === 'function' ? [] : twins).toEqual([]);
      this.running.set(id, { member, phase: 'starting' });
    }
    if (effect.type === 'halt') {
      const attempt = this.running.get(effect.id);
      expect(attempt?.phase).toMatch(/starting|up/);
      if (attempt !== undefined) attempt.phase = 'stopping';
    }
    if (['launch', 'halt', 'wait', 'tell', 'leave'].includes(effect.type)) this.pending.push(effect);
  }
}

const member = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  runnable: fc.oneof(fc.constantFrom(...objects), fc.constant(factory)),
  config: fc.constantFrom(1, 2),
  restart: fc.constantFrom('permanent', 'transient', 'temporary'),
  replace: fc.constantFrom('start-first', 'stop-first'),
});
const membership = fc
  .uniqueArray(member, { selector: ({ name }) => name, maxLength: 5 })
  .map((list) =>
    list.filter(
      ({ runnable }, at) => runnable === factory || list.findIndex((other) => other.runnable === runnable) === at,
    ),
  );
const how = fc.constantFrom<How>('well', 'badly', 'by itself');
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('answer'), choice: fc.nat(), how }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('lose'), choice: fc.nat(), how }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('push'), members: membership }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reload') }) },
);
const strategy = fc.constantFrom('one-for-one', 'rest-for-one', 'one-for-all');

test('whatever happens in whatever order, it comes to rest with exactly those in force running, or failed with none', () => {
  fc.assert(
    fc.property(
      strategy,
      fc.constantFrom(2, 1000),
      fc.array(happening, { maxLength: 60 }),
      (rule, intensity, story) => {
        const world = new World(rule, intensity);
        world.push([]);
        for (const what of story) {
          if (what.type === 'push') world.push(what.members);
          if (what.type === 'answer') world.answers(what.choice, what.how);
          if (what.type === 'lose') world.loses(what.choice, what.how);
          if (what.type === 'reload') world.happens({ type: 'reload', request: Symbol('reload') });
        }
        world.comesToRest();
        // Every membership had one outcome.
        expect(world.settled.map(({ revision }) => revision).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: world.pushed }, (_, nth) => nth + 1),
        );
        if (world.life.state === 'Error') {
          expect(world.running.size).toBe(0);
          return;
        }
        expect(world.life.state).toBe('Running');
        expect([world.life.change, world.life.recoveries]).toEqual([undefined, []]);
        const names = (ids: readonly number[]): readonly string[] =>
          ids.map((id) => world.life.children.find((child) => child.id === id)?.member.name ?? '?');
        expect(names(world.life.order)).toEqual(world.inForce);
        // What is to run does; what does not run was let end.
        const down = world.life.children.filter(({ id }) => !world.running.has(id));
        const stuck = down.filter(
          ({ standing, member: { restart } }) => standing !== 'ended' || restart === 'permanent',
        );
        expect(stuck).toEqual([]);
        expect(world.life.order).toEqual(expect.arrayContaining([...world.running.keys()]));
        expect([...world.running.values()].every(({ phase }) => phase === 'up')).toBe(true);

        world.happens({ type: 'stop' });
        world.comesToRest();
        expect([world.life.state, world.running.size]).toEqual(['Stopped', 0]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('whenever it is stopped it stops everything, the last in force first, and starts nothing any more', () => {
  fc.assert(
    fc.property(strategy, fc.array(happening, { maxLength: 40 }), (rule, story) => {
      const world = new World(rule, 1000);
      for (const what of story) {
        if (what.type === 'push') world.push(what.members);
        if (what.type === 'answer') world.answers(what.choice, what.how);
        if (what.type === 'lose') world.loses(what.choice, what.how);
      }
      const before = [...world.running.keys()];
      world.happens({ type: 'stop' });
      world.comesToRest();
      expect(world.running.size).toBe(0);
      expect(world.life.children.every(({ id }) => before.includes(id) || !world.running.has(id))).toBe(true);
      expect(world.isOver).toBe(true);
      expect(world.settled).toHaveLength(world.pushed);
    }),
  );
});
