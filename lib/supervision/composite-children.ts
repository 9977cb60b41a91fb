import { type Child, type CompositeLife, inForce, isHeld } from './composite-life.ts';
import { isRecovering } from './composite-recovery.ts';

/** One child of a composite. */
export interface ChildSnapshot {
  /** The last state it reported; `New` before it has reported any. */
  readonly state: string;
  /**
   * How far it is: `waiting` for its turn to start, `starting`, `running`, `restarting` once it is no more and will be
   * started again, `stopping`, or `ended` when it is no more and stays so.
   */
  readonly phase: 'waiting' | 'starting' | 'running' | 'restarting' | 'stopping' | 'ended';
  /** How often it was started again. */
  readonly restarts: number;
  /** Why it was no more the last time; absent when it never was, or ended by itself and was not to run on. */
  readonly error?: Error;
}

/** Every child by name; of two that have the same, the one in force. */
export const childrenOf = (life: CompositeLife): Readonly<Record<string, ChildSnapshot>> => {
  const present = inForce(life);
  const names = new Set(present.map(({ member }) => member.name));
  const others = life.children.filter(
    (child) => !names.has(child.member.name) && (isHeld(child) || life.change?.order.includes(child.id)),
  );
  return Object.fromEntries([...present, ...others].map((child) => [child.member.name, snapshotOf(life, child)]));
};

const snapshotOf = (life: CompositeLife, child: Child): ChildSnapshot => ({
  state: child.state,
  phase: phaseOf(life, child),
  restarts: child.restarts,
  ...(child.error === undefined ? {} : { error: child.error }),
});

const phaseOf = (life: CompositeLife, { id, standing }: Child): ChildSnapshot['phase'] => {
  switch (standing) {
    case 'up':
      return 'running';
    case 'down':
      if (isRecovering(life, id)) return 'restarting';
      return life.state === 'Stopping' || life.state === 'Stopped' || life.state === 'Error' ? 'ended' : 'waiting';
    case 'starting':
    case 'stopping':
    case 'ended':
      return standing;
  }
};
