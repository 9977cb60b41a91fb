import { andThen, keep } from './decision.ts';
import { type Decision, isOver, type Life, type LifeEvent, log } from './life.ts';
import { broke, called, fellSilent, heard, startNext, startOverdue, startRejected } from './life-boot.ts';
import { beginRound, roundNext, roundOverdue, roundRejected } from './life-round.ts';
import { failedToStop, shutdownOverdue, stop, stopOverdue, stopped } from './life-shutdown.ts';

/**
 * What follows from an event: the next life, and what to do about it, in order.
 *
 * Everything a supervisor decides is decided here and in the files named `life-…`; nothing in them waits, calls or
 * reads a clock. Events that come too late for what they speak of (the deadline of a step that is done, the state of
 * something that has ended) change nothing.
 */
export const decide = (life: Life, event: LifeEvent): Decision => {
  if (isOver(life)) return keep(life);
  switch (event.type) {
    case 'begin':
      return life.state === 'New'
        ? { life: { ...life, state: 'Booting' }, effects: [{ type: 'observeAll' }] }
        : keep(life);
    case 'observed':
      return life.state === 'Booting' ? startNext(life) : keep(life);
    case 'state':
      return heard(life, event.index, event.state, event.cause);
    case 'silence':
      return fellSilent(life, event.index);
    case 'broken':
      return broke(life, event.index, event.cause);
    case 'called':
      return called(life, event.index);
    case 'settled':
    case 'rejected':
      return answered(life, event);
    case 'overdue':
      return event.step === life.step ? overdue(life, event) : keep(life);
    case 'shutdownOverdue':
      return life.state === 'Stopping' ? shutdownOverdue(life, event.afterMs) : keep(life);
    case 'stop':
      return stop(life, event.options);
    case 'reload':
    case 'restart':
      return beginRound(life, event.type, event.request);
    case 'signal':
      return signalled(life, event);
  }
};

type EventOf<T extends LifeEvent['type']> = Extract<LifeEvent, { readonly type: T }>;

const answered = (life: Life, event: EventOf<'settled' | 'rejected'>): Decision => {
  const { step } = event;
  // A start may be rejected long after its turn; an answer to anything else counts while it is waited for.
  if (step.type === 'start')
    return event.type === 'rejected' ? startRejected(life, step.index, event.cause) : keep(life);
  if (step !== life.step) return keep(life);
  if (step.type === 'stop') {
    return event.type === 'rejected' ? failedToStop(life, step.index, event.cause) : stopped(life, step.index);
  }
  return event.type === 'rejected'
    ? roundRejected(life, step.type, step.index, event.cause)
    : roundNext(life, step.type, step.index + 1);
};

const overdue = (life: Life, { step, afterMs }: EventOf<'overdue'>): Decision => {
  switch (step.type) {
    case 'start':
      return startOverdue(life, step.index, afterMs);
    case 'stop':
      return stopOverdue(life, step.index, afterMs);
    case 'reload':
    case 'restart':
      return roundOverdue(life, step.type, step.index, afterMs);
  }
};

/** 128 plus the number of the signal, which is what a shell reports for a process that a signal ended. */
const exitCodes = { SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/**
 * Milliseconds within which a signal that comes once more is the same request. Ctrl-C signals everything that runs in
 * the terminal, and `npm` and other starters pass what they got on to their child, so one key press arrives twice, some
 * milliseconds apart. Nobody presses a key again on purpose this soon.
 */
const ECHO_MS = 500;

const signalled = (life: Life, { signal, atMs, aloud = false }: EventOf<'signal'>): Decision => {
  if (signal === 'SIGHUP') return beginRound(life, 'reload', Symbol(signal));
  if (signal === 'SIGUSR2') return beginRound(life, 'restart', Symbol(signal));
  const before = life.signalled;
  if (before !== undefined) {
    if (signal === before.signal && atMs - before.atMs < ECHO_MS) return keep(life);
    return {
      life,
      effects: [log('warn', `${signal} again: exiting at once`), { type: 'exit', code: exitCodes[signal] }],
    };
  }
  return andThen(
    { life: { ...life, signalled: { signal, atMs } }, effects: [log(aloud ? 'warn' : 'info', `${signal}: stopping`)] },
    (told) => stop(told, undefined),
  );
};
