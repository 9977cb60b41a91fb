import {
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  Subject,
  take,
  takeUntil,
  tap,
} from 'rxjs';
import { overlaps } from '../config/address.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { Host } from '../server/host.ts';
import { lifecycle } from '../server/lifecycle.ts';
import { retire } from '../server/retire.ts';
import type { Service } from '../server/server.ts';
import type { ServerStatus } from '../server/state.ts';
import type { Hosts } from './hosts.ts';
import { Member } from './member.ts';

/** A member and what its lifecycle just said. */
export interface Report {
  readonly member: Member;
  readonly status: ServerStatus;
}

/**
 * Who serves where: the lifecycles of all servers, merged into one stream.
 *
 * `reports$` carries every change of every member; subscribing to it keeps the servers alive, and unsubscribing frees
 * every address in the same turn.
 */
export class Roster {
  /** Who is in place, by id; the next plan starts from here. */
  readonly members = new Map<string, Member>();
  /** Generations that finish what they accepted while their place is taken or gone. */
  readonly leaving = new Set<Member>();
  readonly reports$: Observable<Report>;
  readonly #entered$ = new Subject<Member>();
  readonly #ended$ = new Subject<Member>();
  readonly #hosts: Hosts;

  constructor(hosts: Hosts) {
    this.#hosts = hosts;
    this.reports$ = this.#entered$.pipe(mergeMap((member) => this.#live(member)));
  }

  /** Puts a service in force on a host whose address is held. One turn, cannot fail. */
  place(spec: ServerSpec, host: Host, service: Service): void {
    const former = this.members.get(spec.id);
    host.server.assign(service);
    host.listener?.limit(service.limits.maxConnections);
    if (former?.host === host && former.up) {
      former.spec = spec;
      former.service = service;
      return;
    }
    const member = new Member(spec, this.#hosts.retain(host), service, former?.status.restarts ?? 0);
    this.members.set(spec.id, member);
    this.#entered$.next(member);
  }

  /** Lets a member finish what it accepted; nobody waits for it. */
  leave(member: Member, timeoutMs = member.spec.limits.drainTimeoutMs): void {
    this.leaving.add(member);
    member.drain$.next(timeoutMs);
  }

  /** Ends a member in this turn and leaves its connections alone. */
  end(member: Member): void {
    member.gone$.next();
  }

  /** Completes when a member that is alive is no more. */
  ended(member: Member): Observable<never> {
    return this.#ended$.pipe(
      filter((ended) => ended === member),
      take(1),
      ignoreElements(),
    );
  }

  /** Asks a member to stop in its place; completes when it has. */
  stop(member: Member, timeoutMs = member.spec.limits.drainTimeoutMs): Observable<never> {
    const ask$ = defer(() => {
      member.drain$.next(timeoutMs);
      return EMPTY;
    });
    return member.status.state === 'stopped' ? EMPTY : merge(this.ended(member), ask$);
  }

  /** Whoever still holds an address that keeps `host` from being bound gives it back now. */
  clear(host: Host): void {
    for (const member of this.leaving) {
      if (member.host !== host && overlaps(member.host.address, host.address)) member.hurry$.next();
    }
  }

  /** The lifecycles were unsubscribed: whoever had not stopped by then is stopped now. */
  finish(): void {
    for (const member of this.members.values()) {
      const { state, restarts } = member.status;
      if (state !== 'stopped') member.status = { state: 'stopped', restarts };
    }
    this.leaving.clear();
  }

  #live(member: Member): Observable<Report> {
    const { host } = member;
    return lifecycle({
      serve$: host.door$.pipe(
        tap((listener) => {
          listener.limit(member.service.limits.maxConnections);
          listener.attach(host.server);
        }),
      ),
      restart: () => member.spec.restart,
      drain$: member.drain$,
      retire: (timeoutMs) => retire(host, timeoutMs, member.hurry$),
      restarts: member.status.restarts,
    }).pipe(
      takeUntil(member.gone$),
      tap({
        next: (status) => {
          if (status.state !== member.status.state) member.since = Date.now();
          member.status = status;
        },
        finalize: () => this.#ended(member),
      }),
      map((status) => ({ member, status })),
    );
  }

  #ended(member: Member): void {
    this.leaving.delete(member);
    this.#hosts.release(member.host);
    this.#ended$.next(member);
  }
}
