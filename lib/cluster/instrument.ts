import { asapScheduler, type Observable, observeOn, type Unsubscribable } from 'rxjs';
import type { Logger } from '../log/logger.ts';
import type { Instrument } from '../server/instrument.ts';
import type { Instruments } from '../server/instruments.ts';
import { narrateOutcome } from './narrate.ts';
import type { Outcome } from './outcome.ts';

/** Who is told of the requests of every server of a cluster, and of what becomes of its configs. */
export interface ClusterInstrument extends Instrument {
  /** A pushed config has its outcome; called once for each, in the order of the pushes. */
  committed?(outcome: Outcome): void;
}

/** What can be watched at work. */
export interface Instrumented {
  /**
   * Has an instrument told of every request of every server, and of every outcome, from now on until it is
   * unsubscribed; while it serves, and through any number of stops and starts.
   *
   * Requests that have begun are told of to their end, however soon the instrument leaves. Without one nobody pays
   * for it.
   */
  instrument(instrument: ClusterInstrument): Unsubscribable;
}

/** Who hears of outcomes. */
export interface Audience {
  readonly logger: Logger;
  readonly instruments: Instruments<ClusterInstrument>;
}

/** Passes every outcome on to the log and to instruments: the user's code is called when nothing is half done. */
export const tellOutcomes = (outcomes$: Observable<Outcome>, { logger, instruments }: Audience): void => {
  outcomes$.pipe(observeOn(asapScheduler)).subscribe((outcome) => {
    narrateOutcome(outcome, logger);
    instruments.tell((instrument) => instrument.committed?.(outcome));
  });
};
