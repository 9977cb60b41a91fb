import { constants } from 'node:os';
import { concatMap, defer, filter, firstValueFrom, map, merge, type Observable, startWith, take } from 'rxjs';
import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';
import { workerCount } from '../cpus/worker-count.ts';
import { WorkersStateError } from './errors.ts';
import { farewellFor } from './farewell.ts';
import type { RestartReport } from './restart-report.ts';
import { rollingRestart } from './rolling.ts';
import type { Run } from './run.ts';
import { crowdWarning } from './settings.ts';
import type { Slot } from './slot.ts';

const DID_NOT_START = 'see why it ended: the events of the workers say so';
const AGAIN = 'ask again when it is done';

/** Emits once, and completes, as soon as that holds for every slot. */
const whenAll = (slots: readonly Slot[], holds: (slot: Slot) => boolean): Observable<void> =>
  merge(...slots.map(({ changed$ }) => changed$)).pipe(
    startWith(undefined),
    filter(() => slots.every(holds)),
    take(1),
  );

/** What is asked of workers that run, one at a time where that matters. */
export class Orders {
  readonly #run: Run;
  /** The restart, or the scaling, that is under way. */
  #busy: Promise<unknown> | undefined;
  #scaling = false;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Replaces the process of every slot, one after the other. Never rejects. */
  restart(): Promise<RestartReport> {
    const why = this.#whyNot();
    if (why !== undefined) return Promise.resolve(this.#refused(why));
    const restarting = firstValueFrom(this.#restart$());
    this.#busy = restarting;
    return restarting;
  }

  /** One slot; throws an `OptionsError` when there is none of that number. */
  slot(id: number): Slot {
    const { slots } = this.#run;
    const slot = slots.find((candidate) => candidate.id === id);
    if (slot !== undefined) return slot;
    throw new OptionsError('slot', `a number from 0 to ${slots.length - 1}, not ${received(id)}`);
  }

  /** Gives a slot another chance. Rejects when its process ends before it is ready. */
  async enable(id: number): Promise<void> {
    const slot = this.slot(id);
    this.#assertRunning(`worker ${id} cannot be enabled`);
    slot.enable('caller');
    await this.#becomesActive(slot);
  }

  /** Changes how many there are, after the restart or scaling that is under way. */
  async scale(count: number | 'auto' | 'physical'): Promise<void> {
    const to = workerCount(count, process.env);
    const { minAvailable } = this.#run.settings;
    if (minAvailable !== undefined && to < minAvailable) {
      throw new OptionsError('count', `at least minAvailable, which is ${minAvailable}, not ${to}`);
    }
    const before = this.#busy;
    const scaling = (async () => {
      await before?.catch(() => {});
      await this.#scale(to);
    })();
    this.#busy = scaling;
    await scaling;
  }

  /** Sends a signal to every active worker. Throws an `OptionsError` for a name that is none. */
  signal(name: NodeJS.Signals): void {
    if (!Object.hasOwn(constants.signals, name)) {
      throw new OptionsError('signal', `the name of a signal, such as SIGUSR1, not ${received(name)}`);
    }
    for (const { state, current } of this.#run.slots) {
      if (state === 'active') current?.life.process.kill(name);
    }
  }

  #restart$(): Observable<RestartReport> {
    const run = this.#run;
    const { settings, workshop, relief } = run;
    return defer(() => {
      run.restarting = true;
      run.tell({ type: 'restart-begun', count: run.slots.length });
      relief.hold();
      // What began before has its processes in the same slots.
      return relief.idle$;
    }).pipe(
      concatMap(() => {
        // They have the code of before.
        run.renewSpares();
        return rollingRestart(run.slots, {
          clock: workshop.clock,
          surge: settings.surge,
          minAvailable: settings.minAvailable ?? run.count,
          patienceMs: settings.readyTimeoutMs,
          farewell: () => farewellFor('restart', settings.shutdownTimeoutMs),
          abort$: run.stopping$,
        });
      }),
      map((report) => {
        run.restarting = false;
        run.tell({ type: 'restart-ended', report });
        if (run.state === 'Running') relief.release();
        return report;
      }),
    );
  }

  async #scale(to: number): Promise<void> {
    const run = this.#run;
    this.#assertRunning(`there cannot be ${to} workers`);
    if (to === run.count) return;
    this.#scaling = true;
    try {
      const { more, less } = run.resize(to);
      const warning = crowdWarning(to);
      if (warning !== undefined && more.length > 0) run.tell({ type: 'warning', ...warning });
      const farewell = farewellFor('scale', run.settings.shutdownTimeoutMs);
      for (const slot of less) slot.close(farewell);
      run.boot(more, 'scale');
      await firstValueFrom(
        whenAll(less, ({ isEmpty }) => isEmpty),
        { defaultValue: undefined },
      );
      if (less.length > 0) run.trim();
      await Promise.all(more.map((slot) => this.#becomesActive(slot)));
    } finally {
      this.#scaling = false;
    }
  }

  async #becomesActive(slot: Slot): Promise<void> {
    const ended = slot.hasEnded ? slot.snapshot().lastExit : undefined;
    const isSettled = (): boolean => slot.state === 'active' || slot.isClosing || slot.snapshot().lastExit !== ended;
    await firstValueFrom(whenAll([slot], isSettled));
    if (slot.state !== 'active')
      throw slot.error ?? new WorkersStateError(`worker ${slot.id} did not start`, slot.state, DID_NOT_START);
  }

  #whyNot(): string | undefined {
    const { state, restarting } = this.#run;
    if (state !== 'Running') return `workers are ${state}`;
    if (restarting) return 'another one is under way';
    return this.#scaling ? 'their number is being changed' : undefined;
  }

  #refused(why: string): RestartReport {
    return {
      status: 'refused',
      replaced: [],
      kept: this.#run.slots.map(({ id }) => id),
      failed: [],
      forced: [],
      durationMs: 0,
      cause: new WorkersStateError('workers are not restarted', why, this.#run.state === 'Running' ? AGAIN : undefined),
    };
  }

  #assertRunning(asked: string): void {
    const { state } = this.#run;
    if (state !== 'Running') throw new WorkersStateError(asked, `they are ${state}`);
  }
}
