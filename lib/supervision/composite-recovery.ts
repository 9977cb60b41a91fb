import {
  type Child,
  type CompositeDecision,
  type CompositeEffect,
  type CompositeLife,
  childOf,
  type Gone,
  halt,
  inForce,
  isHeld,
  launch,
  type Recovery,
  withChild,
} from './composite-life.ts';
import { fail } from './composite-shutdown.ts';
import { andThen, keep } from './decision.ts';
import { CrashLoopError, RunnableError } from './errors.ts';
import { log } from './life.ts';
import { decideRestart } from './restart.ts';
import { comesBack, regroup } from './restart-strategy.ts';

/** A child that is in force is no more, and nobody told it to stop. */
export const lost = (life: CompositeLife, child: Child, { error, atMs, random }: Gone): CompositeDecision => {
  const { name, restart: type = 'permanent' } = child.member;
  if (!comesBack(type, error === undefined ? 'ended' : 'failed')) {
    const left = withChild(withoutRecovery(life, child.id), child.id, { standing: 'ended', error });
    return andThen<CompositeLife, CompositeEffect>(
      { life: left, effects: [log('info', `${name} is ${type} and stays down`)] },
      recover,
    );
  }
  const { policy } = life;
  const cause = error ?? new RunnableError(name, 'end');
  const verdict = decideRestart(child.crashes, atMs, policy.restart, () => random);
  const { length: count } = verdict.crashes;
  const fallen = withChild(life, child.id, { standing: 'down', crashes: verdict.crashes, error: cause });
  if (verdict.type === 'give-up') {
    return fail(fallen, new CrashLoopError(policy.name, name, count, policy.restart.periodMs, { cause }));
  }
  const { delayMs } = verdict;
  const { intensity, periodMs } = policy.restart;
  // Why has been said already, when it was heard.
  const again = `restarting ${name} in ${delayMs} ms: ${count} of at most ${intensity} times within ${periodMs} ms`;
  return andThen<CompositeLife, CompositeEffect>(
    {
      life: joinRecovery(fallen, child.id),
      effects: [log('warn', again), { type: 'wait', id: child.id, delayMs }],
    },
    recover,
  );
};

/** All that fell together, and those that go down with them, come back as one. */
const joinRecovery = (life: CompositeLife, id: number): CompositeLife => {
  const { strategy } = life.policy;
  // Without groups everybody recovers alone; otherwise the groups of any two that fell overlap.
  const joined =
    strategy === 'one-for-one' ? life.recoveries.filter(({ start }) => start.includes(id)) : life.recoveries;
  const members = inForce(life).map((child) => ({
    id: child.id,
    held: isHeld(child),
    restart: child.member.restart ?? 'permanent',
  }));
  const down = new Set([id, ...joined.flatMap(({ start }) => start)]);
  const fallen = members.flatMap((member, index) => (down.has(member.id) ? [index] : []));
  const group = regroup(strategy, members, fallen);
  const recovery: Recovery = {
    stop: group.stop.map((member) => member.id),
    waiting: [...joined.flatMap(({ waiting }) => waiting), id],
    start: group.start.map((member) => member.id),
  };
  return { ...life, recoveries: [...life.recoveries.filter((other) => !joined.includes(other)), recovery] };
};

/** The wait of one that crashed is over. */
export const due = (life: CompositeLife, id: number): CompositeDecision =>
  recover({
    ...life,
    recoveries: life.recoveries.map((recovery) => ({
      ...recovery,
      waiting: recovery.waiting.filter((waiting) => waiting !== id),
    })),
  });

/** Whether somebody sees to it that this child comes back. */
export const isRecovering = (life: CompositeLife, id: number): boolean =>
  life.recoveries.some(({ start }) => start.includes(id));

/** A child is nobody's to bring back any more. */
export const withoutRecovery = (life: CompositeLife, ...ids: readonly number[]): CompositeLife => {
  const others = (list: readonly number[]): readonly number[] => list.filter((id) => !ids.includes(id));
  const recoveries = life.recoveries.map(({ stop, waiting, start }) => ({
    stop: others(stop),
    waiting: others(waiting),
    start: others(start),
  }));
  return { ...life, recoveries: recoveries.filter(({ stop, start }) => stop.length + start.length > 0) };
};

/** Brings every recovery as far as it gets without waiting for anybody. */
export const recover = (life: CompositeLife): CompositeDecision =>
  life.recoveries.reduce<CompositeDecision>(
    (decision, recovery) =>
      andThen(decision, (left) => progress({ ...left, recoveries: others(left, recovery) }, recovery)),
    keep(life),
  );

const others = (life: CompositeLife, recovery: Recovery): readonly Recovery[] =>
  life.recoveries.filter((other) => other !== recovery);

/** One recovery that `life` does not contain goes on, and is put back unless it is done. */
const progress = (life: CompositeLife, recovery: Recovery): CompositeDecision => {
  const back = (left: CompositeLife): CompositeLife => ({ ...left, recoveries: [...left.recoveries, recovery] });
  const [last, ...stop] = recovery.stop;
  if (last !== undefined) {
    const child = childOf(life, last);
    if (child === undefined || !isHeld(child)) return progress(life, { ...recovery, stop });
    return child.standing === 'stopping' ? keep(back(life)) : halt(back(life), child);
  }
  if (recovery.waiting.length > 0) return keep(back(life));
  const [first, ...start] = recovery.start;
  if (first === undefined) return keep(life);
  const child = childOf(life, first);
  if (child === undefined || child.standing === 'up') return progress(life, { ...recovery, start });
  if (isHeld(child)) return keep(back(life));
  return launch(withChild(back(life), first, { restarts: child.restarts + 1 }), child);
};
