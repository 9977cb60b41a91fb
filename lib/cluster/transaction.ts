import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  isObservable,
  merge,
  type Observable,
  of,
  type Subscription,
  tap,
  throwError,
  timeout,
  timer,
  toArray,
} from 'rxjs';
import { yieldTurn } from '../reactive/yield-turn.ts';
import type { Host } from '../server/host.ts';
import { buildService, type ServiceSite } from '../server/kinds.ts';
import type { Service } from '../server/server.ts';
import { blocked } from './blocked.ts';
import { BuildTimeoutError, UnpreparedError } from './errors.ts';
import { holdAll, type Target } from './hold.ts';
import type { Hosts } from './hosts.ts';
import type { Member } from './member.ts';
import { membersInStartOrder, membersInStopOrder } from './member-order.ts';
import { newcomersOf, ROUND } from './newcomers.ts';
import { type Refusal, toRefusal } from './outcome.ts';
import type { Step } from './plan.ts';
import { portionsOf } from './portions.ts';
import type { Roster } from './roster.ts';

export interface TransactionOptions {
  /** Go on after a server could not be prepared, to learn of all that cannot. */
  readonly exhaustive: boolean;
  /** Milliseconds between the last stop and the first start of `stop-then-start`. */
  readonly restartDelayMs: number;
  /** Milliseconds within which an address has to be bound, and a service to be built. */
  readonly startTimeoutMs: number;
  /** Where services are built. */
  readonly site: Omit<ServiceSite, 'awaited'>;
}

/** What preparing one server takes. */
interface Work {
  /** Whose address has to be held. */
  readonly host: Host | undefined;
  /** Builds what is not there at once; `EMPTY` when there is nothing to wait for. */
  readonly built$: Observable<Refusal>;
}

const interrupts = ({ action, displaces }: Step): boolean => action === 'restart' || displaces.length > 0;

/**
 * The steps of one commit, each phase an Observable that completes when it is done.
 *
 * 1. `prepare` builds every service and binds every address that is free. It can fail; it touches nothing that runs.
 * 2. `interrupt` does what cannot be done beside the old: it stops servers that are to be stopped first and lets go of
 *    addresses that overlap with a new one, then binds what was in the way. It can fail; `restore` undoes it.
 * 3. `switch` puts all of it in force, in one synchronous turn that cannot fail, and sends off what left. Where many new
 *    servers start on addresses that were free, `open` does that for them right after: nobody is served there yet.
 *
 * `letGo` gives back, in reverse order, every address that is not in force: after `switch` none, before it all. `release`
 * ends the transaction: it lets go, and of the hosts as well.
 */
export class Transaction {
  readonly #roster: Roster;
  readonly #hosts: Hosts;
  readonly #steps: readonly Step[];
  readonly #options: TransactionOptions;
  readonly #services = new Map<string, Service>();
  readonly #targets = new Map<string, Host>();
  readonly #holds: Subscription[] = [];
  readonly #retained: Host[] = [];
  /** Members that were stopped or sent off before the switch. */
  readonly #interrupted = new Set<Member>();
  /** Those who are leaving when this begins, by host: their addresses may be taken over. */
  readonly #leavers: ReadonlyMap<Host, Member>;

  constructor(roster: Roster, hosts: Hosts, steps: readonly Step[], options: TransactionOptions) {
    this.#roster = roster;
    this.#hosts = hosts;
    this.#steps = steps;
    this.#options = options;
    this.#leavers = new Map(Array.from(roster.leaving, (member) => [member.host, member]));
  }

  /** Errors with an `UnpreparedError`. */
  prepare(): Observable<never> {
    const steps = this.#steps.filter(({ spec }) => spec !== undefined);
    return this.#each(steps, (step) => {
      if (step.blockedBy !== undefined) throw blocked(step.to ?? '', step.blockedBy);
      return { host: interrupts(step) ? undefined : this.#target(step), built$: this.#build(step) };
    });
  }

  /** Errors with an `UnpreparedError`. */
  interrupt(): Observable<never> {
    const steps = this.#steps.filter(interrupts);
    if (steps.length === 0) return EMPTY;
    const restarted = steps.filter(({ action }) => action === 'restart').map(({ server }) => server);
    const displaced = new Set(steps.flatMap(({ displaces }) => displaces).filter((id) => !restarted.includes(id)));
    const pause$ = restarted.length > 0 ? timer(this.#options.restartDelayMs).pipe(ignoreElements()) : EMPTY;
    return concat(
      defer(() => {
        for (const member of this.#take(displaced)) {
          this.#roster.leave(member);
          this.#roster.hurry(member);
        }
        return this.#roster.stop(this.#take(restarted));
      }),
      pause$,
      this.#each(steps, (step) => ({ host: this.#target(step), built$: EMPTY })),
    );
  }

  switch(): void {
    const formers: Member[] = [];
    const later = new Set(this.#newcomers());
    for (const step of this.#steps) {
      if (later.has(step)) continue;
      const former = this.#roster.members.get(step.server);
      this.#place(step);
      if (former !== undefined && former !== this.#roster.members.get(step.server)) formers.push(former);
    }
    if (formers.length === 0) return;
    const used = new Set(Array.from(this.#roster.members.values(), ({ host }) => host));
    for (const former of membersInStopOrder(formers)) {
      if (this.#interrupted.has(former)) continue;
      // Somebody else answers on its address now: its connections are theirs.
      if (used.has(former.host)) this.#roster.end(former);
      else this.#roster.leave(former);
    }
  }

  /** Puts the many in force for whom nobody waits yet, in rounds. Cannot fail. */
  open(): Observable<never> {
    const newcomers = this.#newcomers();
    const rounds = Array.from({ length: Math.ceil(newcomers.length / ROUND) }, (_, index) =>
      yieldTurn().pipe(
        tap(() => {
          for (const step of newcomers.slice(index * ROUND, (index + 1) * ROUND)) this.#place(step);
        }),
        ignoreElements(),
      ),
    );
    return concat(...rounds);
  }

  #newcomers(): readonly Step[] {
    return newcomersOf(this.#steps, (server) => this.#roster.members.has(server));
  }

  #place({ server, spec }: Step): void {
    const service = this.#services.get(server);
    const host = this.#targets.get(server);
    if (spec !== undefined && service !== undefined && host !== undefined) this.#roster.place(spec, host, service);
    else this.#roster.remove(server);
  }

  /** Puts back what `interrupt` stopped; emits the servers that could not be put back. */
  restore(): Observable<readonly Refusal[]> {
    const members = membersInStartOrder([...this.#interrupted].reverse());
    return from(members).pipe(
      concatMap((member) => {
        const { spec, host, service } = member;
        host.asked = spec.address;
        const placed$ = defer(() => {
          if (host.listener !== undefined) this.#roster.place(spec, host, service);
          return EMPTY;
        });
        const held$ = this.#hold([{ server: spec.id, host }]);
        return concat(held$.pipe(tap(({ cause }) => this.#roster.lose(member, cause))), placed$);
      }),
      toArray(),
    );
  }

  letGo(): void {
    const used = new Set(this.#leavers.size > 0 ? Array.from(this.#roster.members.values(), ({ host }) => host) : []);
    for (const host of this.#targets.values()) {
      const leaver = this.#leavers.get(host);
      if (leaver !== undefined && host.listener !== undefined && !used.has(host)) this.#roster.leaveAgain(leaver);
    }
    this.#targets.clear();
    for (const hold of this.#holds.splice(0).reverse()) hold.unsubscribe();
  }

  release(): void {
    this.letGo();
    for (const host of this.#retained.splice(0).reverse()) this.#hosts.release(host);
  }

  /** Works through steps in portions, and gives the event loop to everybody else between them. */
  #each(steps: readonly Step[], work: (step: Step) => Work): Observable<never> {
    const refusals: Refusal[] = [];
    const prepare = (portion: readonly Step[]): Observable<Refusal> =>
      defer(() => {
        const targets: Target[] = [];
        const refused: Refusal[] = [];
        const builds: Observable<Refusal>[] = [];
        for (const step of portion) {
          try {
            const { host, built$ } = work(step);
            if (host !== undefined) targets.push({ server: step.server, host });
            if (built$ !== EMPTY) builds.push(built$);
          } catch (cause) {
            refused.push(toRefusal(step.server, cause));
          }
        }
        return merge(refused, this.#hold(targets), ...builds);
      });
    const portions = portionsOf(steps).map((portion, _, { length }) =>
      length === 1 ? prepare(portion) : concat(yieldTurn().pipe(ignoreElements()), prepare(portion)),
    );
    const verdict$ = defer(() => {
      const [first, ...rest] = refusals;
      return first === undefined ? EMPTY : throwError(() => new UnpreparedError([first, ...rest]));
    });
    const note = (refusal: Refusal): void => {
      refusals.push(refusal);
      if (!this.#options.exhaustive) throw new UnpreparedError([refusal]);
    };
    return concat(concat(...portions).pipe(tap(note), ignoreElements()), verdict$);
  }

  /** Builds what a step's server will answer with; emits why that cannot be done, when it turns out later. */
  #build({ server, spec, from }: Step): Observable<Refusal> {
    if (spec === undefined) return EMPTY;
    const { startTimeoutMs, site } = this.#options;
    const inForce = { awaited: from !== undefined, encryption: this.#roster.encryptionFor(spec) };
    const service = buildService(spec, { ...site, ...inForce, deadlineMs: startTimeoutMs });
    if (!isObservable(service)) {
      this.#services.set(server, service);
      return EMPTY;
    }
    return service.pipe(
      timeout({ each: startTimeoutMs, with: () => throwError(() => new BuildTimeoutError(server, startTimeoutMs)) }),
      tap((built) => this.#services.set(server, built)),
      ignoreElements(),
      catchError((cause: unknown) => of(toRefusal(server, cause))),
    );
  }

  /** The host a server will stand on. */
  #target(step: Step): Host {
    const known = this.#targets.get(step.server);
    if (known !== undefined) return known;
    if (step.toAddress === undefined) throw new TypeError(`${step.server} leaves and needs no host`);
    const host = this.#hosts.at(step.toAddress, step.spec?.address);
    if (step.bind && step.spec !== undefined) host.asked = step.spec.address;
    this.#retained.push(host);
    this.#targets.set(step.server, host);
    return host;
  }

  #hold(targets: readonly Target[]): Observable<Refusal> {
    return defer(() => {
      for (const { host } of targets) this.#roster.clear(host);
      return holdAll(targets, {
        startTimeoutMs: this.#options.startTimeoutMs,
        keep: (hold) => this.#holds.push(hold),
        bound: (host) => this.#hosts.settle(host),
      });
    });
  }

  #take(ids: Iterable<string>): Member[] {
    const members: Member[] = [];
    for (const id of ids) {
      const member = this.#roster.members.get(id);
      if (member === undefined) continue;
      this.#interrupted.add(member);
      this.#retained.push(this.#hosts.retain(member.host));
      members.push(member);
    }
    return members;
  }
}
