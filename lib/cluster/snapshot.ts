import { formatAddress } from '../config/address.ts';
import { clientUrl } from '../config/expose.ts';
import type { Http2Spec } from '../config/http2-config.ts';
import type { Issue } from '../config/issue.ts';
import { isPem } from '../config/pem.ts';
import { routeKinds } from '../config/route-schema.ts';
import type { ServerLimits } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import type { TlsCurve, TlsSpec } from '../config/tls-config.ts';
import type { Health } from '../health/health.ts';
import { type HealthState, healthOf } from '../health/thresholds.ts';
import type { CertificateStatus, Encryption } from '../server/encryption.ts';
import type { ServerState } from '../server/state.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Member } from './member.ts';
import type { Progress } from './progress.ts';

/** How connections are encrypted, as data: nothing that is a secret, and no path of a key. */
export type TlsView = Pick<
  TlsSpec,
  | 'clientAuth'
  | 'minVersion'
  | 'maxVersion'
  | 'sessionTickets'
  | 'unknownName'
  | 'handshakeTimeoutMs'
  | 'watch'
  | 'warnBeforeDays'
> & {
  /** Where certificates come from, the default one first: paths, or `PEM`. */
  readonly certificates: readonly string[];
  /** Clients may choose HTTP/2. */
  readonly http2: boolean;
  /** Curves that keys are agreed on; absent when that is left to Node. */
  readonly curves?: readonly TlsCurve[];
};

/** The certificates of a server as they are now. */
export interface TlsSnapshot extends CertificateStatus {
  /** Handshakes that came to nothing since these settings are in force. */
  readonly failedHandshakes: number;
}

/** The config in force, as data: code is left out, defaults are filled in. */
export interface ServerConfigView extends ServerLimits {
  readonly listen: string;
  /** Ids of those that start before it and stop after it; absent when there are none. */
  readonly dependsOn?: readonly string[];
  /** Present where connections are encrypted. */
  readonly tls?: TlsView;
  /** Present where clients may choose HTTP/2. */
  readonly http2?: Http2Spec;
  /** Present, and `false`, where every answer ends its connection. */
  readonly keepAlive?: boolean;
  /** What lines of the log are left out by; absent when there are none. */
  readonly logFilter?: readonly string[];
  readonly routes: readonly { readonly path: string; readonly kind: string; readonly name?: string }[];
}

/** One server as it is now. */
export interface ServerSnapshot {
  readonly id: string;
  readonly name: string;
  readonly state: ServerState;
  /** Where it answers, with the real port: `'127.0.0.1:41873'`, or the socket path. */
  readonly address: string;
  /** Under which URL clients reach it. */
  readonly url: string;
  /** When it entered `state`, milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds it has been running without a break; 0 unless `running`. */
  readonly uptimeMs: number;
  readonly config: ServerConfigView;
  /** Open connections. */
  readonly connections: number;
  /** Requests that were received and are not answered yet. */
  readonly inFlight: number;
  /** Restarts after crashes, and because it was down, since it was first started. */
  readonly restarts: number;
  /** How it is, as its `health` check finds it; absent while nobody looks: it does not run, or has no check. */
  readonly health?: Health;
  /** Why it does not run; a `HealError` when it runs, is down, and has been restarted as often as it may be. */
  readonly error?: Error;
  /** Its certificates, where connections are encrypted. */
  readonly tls?: TlsSnapshot;
}

/** A generation that still finishes what it accepted. */
export interface Draining {
  readonly server: string;
  readonly address: string;
  readonly connections: number;
  /** When it was told to leave, milliseconds since the epoch. */
  readonly since: number;
}

/** Everything about a cluster at one moment; never changes after it was handed out. */
export interface ClusterSnapshot {
  readonly state: ClusterState;
  /** `desired` is the newest push that was looked at, `applied` the one in force; 0 before the first. */
  readonly revision: { readonly desired: number; readonly applied: number };
  /** Something that should run does not, or is down as its check finds it. */
  readonly degraded: boolean;
  /** What the last source said: it may still speak, it completed, or it failed. */
  readonly source: 'open' | 'completed' | 'failed';
  /** By id, in the order of the config. */
  readonly servers: Readonly<Record<string, ServerSnapshot>>;
  readonly draining: readonly Draining[];
  /** Why `desired` is not `applied`, or why the source failed. */
  readonly error?: Error;
  /** What is wrong with the desired config, when that is the reason. */
  readonly issues?: readonly Issue[];
}

/** What a snapshot is taken of. */
export interface SnapshotSource {
  readonly state: ClusterState;
  readonly source: ClusterSnapshot['source'];
  readonly sourceError: Error | undefined;
  readonly progress: Progress;
  readonly members: ReadonlyMap<string, Member>;
  readonly leaving: Iterable<Member>;
}

const tlsViewOf = (spec: TlsSpec, http2: boolean): TlsView => {
  const { certificate, certificates, ca: _, ciphers: __, curves, ...rules } = spec;
  const sources = [certificate, ...certificates].map(({ cert }) => (isPem(cert) ? 'PEM' : cert));
  const chosen = curves === undefined ? {} : { curves };
  return Object.freeze({ ...rules, ...chosen, certificates: Object.freeze(sources), http2 });
};

const tlsOf = (encryption: Encryption): TlsSnapshot =>
  Object.freeze({ ...encryption.status, failedHandshakes: encryption.failures });

const views = new WeakMap<ServerSpec, ServerConfigView>();

/** The config of a server as data. The same spec has the same view: specs never change. */
export const viewOf = (spec: ServerSpec): ServerConfigView => {
  const known = views.get(spec);
  if (known !== undefined) return known;
  const routes = (spec.routes ?? []).map((route) =>
    Object.freeze({
      path: route.path,
      kind: routeKinds.find((kind) => kind in route) ?? 'unknown',
      ...(route.name === undefined ? {} : { name: route.name }),
    }),
  );
  const { tls } = spec;
  const view = Object.freeze({
    listen: formatAddress(spec.address),
    routes: Object.freeze(routes),
    ...(spec.dependsOn.length === 0 ? {} : { dependsOn: spec.dependsOn }),
    ...(spec.http2 === undefined ? {} : { http2: spec.http2 }),
    ...(spec.keepAlive ? {} : { keepAlive: false }),
    ...(spec.logFilter.length === 0 ? {} : { logFilter: spec.logFilter }),
    ...(tls === undefined ? {} : { tls: tlsViewOf(tls, spec.http2 !== undefined) }),
    ...spec.limits,
  });
  views.set(spec, view);
  return view;
};

const textOf = (address: Member['host']['address']): string =>
  address.kind === 'unix' ? address.path : formatAddress(address);

/** Found to be down; before the first check nothing was found. */
export const isDown = (health: Pick<Health, 'status' | 'checks'> | undefined): boolean =>
  health?.status === 'down' && health.checks > 0;

/** `since` was noted when it happened: computed anew each time it would waver by the time between two clocks. */
const healthAt = (health: HealthState, since: number, now: number): Health =>
  Object.freeze({ ...healthOf(health, performance.now(), now), since });

const takeServer = (member: Member, now: number): ServerSnapshot => {
  const { spec, host, service, status, since, health } = member;
  const error = status.error ?? member.unhealed;
  return Object.freeze({
    id: spec.id,
    name: spec.name,
    state: status.state,
    address: textOf(host.address),
    url: clientUrl(spec.expose, host.address, spec.tls !== undefined),
    since,
    uptimeMs: status.state === 'running' ? member.agedMs : 0,
    config: viewOf(spec),
    // Sockets that were cut close a moment later; to whoever stopped, that moment is no longer its own.
    connections: status.state === 'stopped' ? 0 : host.server.connections,
    inFlight: status.state === 'stopped' ? 0 : host.server.inFlight,
    restarts: status.restarts + member.heals,
    ...(health === undefined ? {} : { health: healthAt(health, member.healthSince, now) }),
    ...(error === undefined ? {} : { error }),
    ...(service.encryption === undefined ? {} : { tls: tlsOf(service.encryption) }),
  });
};

/** A server that is known, and does not run. */
export const takeDisabled = (spec: ServerSpec): ServerSnapshot =>
  Object.freeze({
    id: spec.id,
    name: spec.name,
    state: 'stopped',
    address: textOf(spec.address),
    url: clientUrl(spec.expose, spec.address, spec.tls !== undefined),
    since: 0,
    uptimeMs: 0,
    config: viewOf(spec),
    connections: 0,
    inFlight: 0,
    restarts: 0,
  });

const takeDraining = ({ spec, host, since }: Member): Draining =>
  Object.freeze({ server: spec.id, address: textOf(host.address), connections: host.server.connections, since });

/** Takes a snapshot at `now`, milliseconds since the epoch. */
export const takeSnapshot = (
  { state, source, sourceError, progress, members, leaving }: SnapshotSource,
  now: number,
): ClusterSnapshot => {
  // Without a prototype no id can be mistaken for a property of every object.
  const servers: Record<string, ServerSnapshot> = Object.create(null);
  let degraded = state === 'Error' || progress.refused.length > 0;
  const take = (id: string, member: Member): void => {
    servers[id] = takeServer(member, now);
    degraded ||= member.status.error !== undefined || isDown(member.health);
  };
  for (const [id, spec] of progress.specs) {
    const member = members.get(id);
    if (member !== undefined) take(id, member);
    else if (spec.disabled) servers[id] = takeDisabled(spec);
  }
  // Those the config in force does not know: a first one that is being put in force, or what was left of another.
  for (const [id, member] of members) if (servers[id] === undefined) take(id, member);
  const { desired, applied, issues } = progress;
  const error = progress.error ?? sourceError;
  return Object.freeze({
    state,
    revision: Object.freeze({ desired, applied }),
    degraded,
    source,
    servers: Object.freeze(servers),
    draining: Object.freeze(Array.from(leaving, takeDraining)),
    ...(error === undefined ? {} : { error }),
    ...(issues === undefined ? {} : { issues: Object.freeze(issues) }),
  });
};
