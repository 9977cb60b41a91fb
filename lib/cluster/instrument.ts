import { asapScheduler, filter, type Observable, observeOn, type Unsubscribable } from 'rxjs';
import { formatAddress } from '../config/address.ts';
import type { Logger } from '../log/logger.ts';
import type { Instrument } from '../server/instrument.ts';
import type { Instruments } from '../server/instruments.ts';
import { isWorthTelling, narrateOutcome, narrateReport } from './narrate.ts';
import type { Outcome } from './outcome.ts';
import type { News } from './roster.ts';

/** Who is told of the requests of every server of a cluster, and of what becomes of its configs. */
export interface ClusterInstrument extends Instrument {
  /** A pushed config has its outcome; called once for each, in the order of the pushes. */
  committed?(outcome: Outcome): void;
  /**
   * A server whose socket failed answers on another port from now on: its own was taken by then.
   *
   * @param server - its id.
   * @param address - where it answers.
   */
  moved?(server: string, address: string): void;
  /**
   * Connections of a server that has stopped did not finish in time and were cut.
   *
   * @param server - its id.
   * @param connections - how many; at least one.
   */
  cut?(server: string, connections: number): void;
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

/** Passes on what happens to servers beyond what was asked for, in the same way. */
export const tellNews = (news$: Observable<News>, { logger, instruments }: Audience): void => {
  news$.pipe(filter(isWorthTelling), observeOn(asapScheduler)).subscribe((news) => {
    narrateReport(news, logger);
    if (!('member' in news)) return;
    const { member, status, moved } = news;
    const { id } = member.spec;
    const { state, cut = 0 } = status;
    if (moved !== undefined) instruments.tell((instrument) => instrument.moved?.(id, formatAddress(moved.to)));
    if (state === 'stopped' && cut > 0) instruments.tell((instrument) => instrument.cut?.(id, cut));
  });
};
