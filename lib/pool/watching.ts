import {
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  merge,
  type Observable,
  skip,
  startWith,
  takeUntil,
} from 'rxjs';
import { type Address, parseAddress } from '../config/address.ts';
import type { HealthConfig } from '../config/health-config.ts';
import { healthSettingsOf } from '../config/health-settings.ts';
import { oneLine } from '../config/received.ts';
import { checkOf } from '../health/check.ts';
import type { Health } from '../health/health.ts';
import { monitor as watch } from '../health/monitor.ts';
import { healthOf, initialHealth } from '../health/thresholds.ts';
import { guarded } from '../reactive/guarded.ts';
import { combineNow } from './combine-now.ts';
import type { Entry } from './entry.ts';
import { PoolError } from './errors.ts';
import type { Monitor, PoolServer } from './pool-server.ts';
import { failureOf, type Site } from './site.ts';

/** Where a server answers, with the real port. */
const addressOf = (site: Site, entry: Entry): Address => {
  const bound = parseAddress(site.status(entry)?.address ?? '');
  return bound.ok ? bound.address : entry.address;
};

/** Looks once whether a server is well; rejects with a `PoolError` when it is not. */
export const checkHealth = async (site: Site, entry: Entry): Promise<void> => {
  site.assertHas(entry);
  if (!site.isRunning(entry)) {
    const hint = 'start it first';
    const error = new PoolError('ERR_POOL_NOT_RUNNING', `server ${oneLine(entry.name)} is not running`, { hint });
    throw new PoolError(error.code, error.message, { failures: [failureOf(entry, 'health', error)], hint });
  }
  const settings = entry.spec.health ?? healthSettingsOf({});
  const encrypted = entry.spec.tls !== undefined;
  const check = checkOf(settings, { server: entry.id, address: addressOf(site, entry), encrypted });
  // What a monitor says first is that nothing was checked yet.
  const { error } = await firstValueFrom(watch(check, settings).pipe(skip(1)));
  if (error === undefined) return;
  throw new PoolError('ERR_POOL_MONITOR', `server ${entry.name} is not well: ${error.message}`, {
    failures: [failureOf(entry, 'health', error)],
  });
};

/** Nobody has looked at it yet. */
const unknown = (): Health => Object.freeze(healthOf(initialHealth(performance.now()), performance.now(), Date.now()));

const looksAlike = (a: Health, b: Health): boolean =>
  a.status === b.status && a.rising === b.rising && a.falling === b.falling && a.message === b.message;

const monitorOf = (site: Site, entry: Entry, server: PoolServer): Monitor => {
  const present = (): Health => server.health ?? unknown();
  const left$ = merge(site.closed$, site.changes$.pipe(filter(() => server.detached)));
  const news$: Observable<unknown> = merge(site.touched$, site.lives.snapshot$);
  const health$ = news$.pipe(
    startWith(undefined),
    // Of one that is being taken out nothing is known any more: that is no news of its health.
    filter(() => !entry.leaving),
    map(present),
    distinctUntilChanged(looksAlike),
    takeUntil(left$),
  );
  const report = (error: unknown): void => site.logger.error('a subscriber of the pool failed', error);
  return Object.freeze({
    name: server.monitorName,
    server,
    get health() {
      return present();
    },
    health$: guarded(health$, report),
  });
};

/** Has every server looked after that is not yet. */
export const monitor = async (site: Site, settings: HealthConfig): Promise<readonly Monitor[]> => {
  const looked = (): readonly unknown[] =>
    Array.from(site.entries.values(), ({ config }) =>
      config.health === undefined ? { ...config, health: settings } : config,
    );
  await combineNow(site, looked, { phase: 'monitor', conflict: 'source', keep: false });
  return Object.freeze(
    Array.from(site.entries.values()).flatMap((entry) =>
      entry.handle === undefined ? [] : [monitorOf(site, entry, entry.handle)],
    ),
  );
};
