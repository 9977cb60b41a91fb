import { defer, EMPTY, map, merge, Observable, Subject, Subscription, takeLast } from 'rxjs';
import { type Address, overlaps } from '../config/address.ts';
import { sameData } from '../config/plain-data.ts';
import { sameSpec } from '../config/same.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Encryption } from '../server/encryption.ts';
import type { Host } from '../server/host.ts';
import { lifecycle } from '../server/lifecycle.ts';
import type { Service } from '../server/server.ts';
import type { ServerStatus } from '../server/state.ts';
import { type CertificateReport, Certificates } from './certificates.ts';
import { Departures } from './departures.ts';
import type { HealthReport } from './health-report.ts';
import { HealthWatch } from './health-watch.ts';
import type { Hosts } from './hosts.ts';
import { Member } from './member.ts';
import { membersInStopOrder } from './member-order.ts';
import type { Standing } from './plan.ts';
import type { Ports } from './ports.ts';

/** A member and what its lifecycle just said. */
export interface Report {
  readonly member: Member;
  readonly status: ServerStatus;
  /** Its port was taken when it was to have it again: where it stood, and where it stands. */
  readonly moved?: { readonly from: Address; readonly to: Address } | undefined;
}

/** What happens in a roster. */
export type News = Report | CertificateReport | HealthReport;

/** Who serves where: the lifecycles of all servers, merged into one stream. */
export class Roster {
  /** Who is in place, by id; the next plan starts from here. */
  readonly members = new Map<string, Member>();
  /** Generations that finish what they accepted while their place is taken or gone. */
  readonly leaving = new Set<Member>();
  /** Everything every member's lifecycle says, and what becomes of certificates. Hot. */
  readonly reports$ = new Subject<News>();
  /** Emits when somebody is due for a restart because it is down: `health.healer` knows who. Hot. */
  readonly due$ = new Subject<void>();
  /** How servers are that are looked after. */
  readonly health = new HealthWatch({ tell: (news) => this.reports$.next(news), due: () => this.due$.next() });
  readonly #ended$ = new Subject<Member>();
  readonly #lives = new Subscription();
  readonly #hosts: Hosts;
  readonly #ports: Ports;
  readonly #certificates = new Certificates((report) => this.reports$.next(report));
  readonly #departures = new Departures();
  /** The longest that whoever still waits for its turn to leave may take, in milliseconds. */
  #patienceMs = Number.POSITIVE_INFINITY;

  constructor(hosts: Hosts, ports: Ports) {
    this.#hosts = hosts;
    this.#ports = ports;
  }

  /** Where servers stand, or, as far as this life has not got to them, stood in an earlier one. */
  standings(desired: ReadonlyMap<string, ServerSpec>): ReadonlyMap<string, Standing> {
    return this.#ports.standings(this.members, desired);
  }

  /** Puts a service in force on a host whose address is held. One turn, cannot fail. */
  place(spec: ServerSpec, host: Host, service: Service): void {
    const former = this.members.get(spec.id);
    host.asked = spec.address;
    const isExchange = former?.host === host && former.up;
    const isHealed = this.health.healer.isRestarting(spec.id);
    if (isExchange && isHealed) this.#dismiss(former);
    host.server.assign(service);
    host.listener?.limit(service.limits.maxConnections);
    this.#certificates.follow(spec.id, service.encryption);
    if (isExchange) {
      // What says the same was asked to be built anew.
      if (sameSpec(former.spec, spec)) former.since = Date.now();
      former.spec = spec;
      former.service = service;
      if (isHealed) former.heals += 1;
      this.health.follow(former);
      return;
    }
    const member = new Member(spec, this.#hosts.retain(host), service, former?.restarts ?? 0);
    member.heals = (former?.heals ?? 0) + (isHealed ? 1 : 0);
    this.members.set(spec.id, member);
    this.#ports.forget(spec.id);
    this.#live(member);
  }

  /** Nobody stands in this place any more. */
  remove(id: string): void {
    const former = this.members.get(id);
    if (former !== undefined) this.#ports.rememberOne(id, former);
    this.members.delete(id);
    this.#certificates.follow(id, undefined);
    this.health.forget(id);
  }

  /** These are all servers that there are, those among them that are to stop for a while. */
  recall(specs: ReadonlyMap<string, ServerSpec>): void {
    this.#ports.keepOnly(specs);
  }

  /** How a server is encrypted already, when a spec wants that as it is; a spec that says the same wants all of it anew. */
  encryptionFor(spec: ServerSpec): Encryption | undefined {
    const former = this.members.get(spec.id);
    if (former?.service.encryption === undefined || sameSpec(former.spec, spec)) return undefined;
    const sameProtocols = (former.spec.http2 === undefined) === (spec.http2 === undefined);
    const stays = sameProtocols && sameData(former.spec.tls, spec.tls);
    return stays ? former.service.encryption : undefined;
  }

  /** Notes that a member which had to make way cannot be put back: its place is kept, but nobody stands there. */
  lose({ spec, host, service, restarts, heals }: Member, error: Error): void {
    const lost = new Member(spec, host, service, restarts);
    lost.over = true;
    lost.heals = heals;
    lost.hear({ state: 'failed', restarts, error });
    this.members.set(spec.id, lost);
    this.#certificates.follow(spec.id, undefined);
    this.health.forget(spec.id);
  }

  /**
   * Lets a member finish what it accepted, after those that depend on it and left before; nobody waits for it.
   *
   * Several that leave together do so in the order of a stop.
   */
  leave(member: Member, timeoutMs = member.spec.limits.drainTimeoutMs): void {
    if (member.over) return;
    this.leaving.add(member);
    this.#departures.tell(member, (waited) => this.#drain(member, Math.min(timeoutMs, this.#patienceMs), waited));
    // It serves on until its turn comes, but it was told now.
    if (this.#departures.waits(member)) member.since = Date.now();
  }

  /** Somebody else accepts at all addresses: nobody holds one for longer than it serves there. */
  handOver(): void {
    for (const member of [...this.leaving, ...this.members.values()]) member.handOver();
  }

  /** A member that leaves gives back its address as soon as can be, whoever depends on it: the address is waited for. */
  hurry(member: Member): void {
    this.#departures.hurry(member);
    member.hurry();
  }

  /** Lets a member leave once more, whose address was held longer than it meant to: others have connected since. */
  leaveAgain(member: Member): void {
    // Its turn to leave has not come, and its address is still its own.
    if (this.#departures.waits(member)) return;
    const { spec, host, service, restarts } = member;
    this.leaving.delete(member);
    const again = new Member(spec, this.#hosts.retain(host), service, restarts);
    this.#live(again);
    this.leave(again);
  }

  /** Ends a member in this turn and leaves its connections alone. */
  end(member: Member): void {
    member.drain$.complete();
  }

  /** Completes when none of these members is alive any more. */
  ended(members: Iterable<Member>): Observable<never> {
    return new Observable((subscriber) => {
      const alive = new Set([...members].filter(({ over }) => !over));
      if (alive.size === 0) subscriber.complete();
      return this.#ended$.subscribe((member) => {
        alive.delete(member);
        if (alive.size === 0) subscriber.complete();
      });
    });
  }

  /**
   * Asks members to stop in their places, each after those that depend on it; completes when they have.
   *
   * @param timeoutMs - how long one may take; asked when its turn comes.
   */
  stop(
    members: readonly Member[],
    timeoutMs = (member: Member) => member.spec.limits.drainTimeoutMs,
  ): Observable<never> {
    const ask$ = defer(() => {
      for (const member of membersInStopOrder(members)) {
        this.#departures.tell(member, (waited) => this.#drain(member, timeoutMs(member), waited));
      }
      return EMPTY;
    });
    return merge(this.ended(members), ask$);
  }

  /** Those who are leaving get no more time than this from now on; emits how many connections that cost. */
  hasten(timeoutMs: number): Observable<number> {
    this.#patienceMs = timeoutMs;
    const drains = [...this.leaving]
      .filter((member) => !this.#departures.waits(member))
      .map(({ host }) =>
        host.server
          .drain(timeoutMs, () => false)
          .pipe(
            map(({ cut }) => cut),
            takeLast(1),
          ),
      );
    return merge(...drains);
  }

  /** Whoever still holds an address that keeps `host` from being bound gives it back now. */
  clear(host: Host): void {
    for (const member of this.leaving) {
      if (member.host !== host && overlaps(member.address, host.address)) this.hurry(member);
    }
  }

  /** Ends every lifecycle in this turn: every address is free. */
  finish(): void {
    this.#departures.clear();
    this.#lives.unsubscribe();
    this.#certificates.stop();
    this.health.stop();
    this.#ports.remember(this.members);
    for (const member of this.members.values()) {
      const { state, restarts } = member.status;
      if (state !== 'stopped') member.status = { state: 'stopped', restarts };
    }
    this.leaving.clear();
  }

  #drain(member: Member, timeoutMs: number, waited: boolean): void {
    // Somebody else may answer on its address by now: its connections are theirs.
    const isTaken = ({ host }: Member): boolean => host === member.host;
    const others = waited ? [...this.members.values()].filter((other) => other !== member) : [];
    if (others.some(isTaken)) this.end(member);
    else member.drain$.next(timeoutMs);
  }

  /**
   * Asks everybody who is connected to leave, because what answers is down: those who hang on it have to come anew. They
   * have as long as at a stop; who connects from now on is not concerned.
   */
  #dismiss({ host, spec: { id, limits } }: Member): void {
    const { health } = this;
    let cut = 0;
    const leaving = host.server
      .drain(limits.drainTimeoutMs, () => false)
      .subscribe({
        next: (progress) => {
          cut = progress.cut;
        },
        complete: () => cut > 0 && health.dismissed(id, cut),
      });
    this.#lives.add(leaving);
  }

  #live(member: Member): void {
    const life = lifecycle(member).subscribe({
      next: (status) => {
        member.hear(status);
        if (this.members.get(member.spec.id) === member) this.health.follow(member);
        const missed = status.state === 'running' ? member.host.takeMissed() : undefined;
        if (missed !== undefined) this.#hosts.move(missed, member.host);
        const moved = missed === undefined ? undefined : { from: missed, to: member.address };
        this.reports$.next({ member, status, moved });
      },
      complete: () => {
        member.over = true;
        this.leaving.delete(member);
        this.#hosts.release(member.host);
        this.#ended$.next(member);
        this.#departures.gone(member);
      },
    });
    this.#lives.add(life);
  }
}
