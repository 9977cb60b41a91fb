import { asyncScheduler, type SchedulerLike } from 'rxjs';

/** Where time comes from: tests bring their own. */
export interface Clock {
  /** What timers run on. */
  readonly scheduler: SchedulerLike;
  /** Milliseconds of a clock that does not jump; what lasted and what comes first is told by it. */
  now(): number;
  /** Milliseconds since the epoch, for what people read. */
  date(): number;
}

/** The time of this machine. The `now` of RxJS's schedulers is the wall clock, which somebody may set. */
export const systemClock: Clock = {
  scheduler: asyncScheduler,
  now: () => performance.now(),
  date: () => Date.now(),
};
