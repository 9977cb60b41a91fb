import { sameAddress } from './address.ts';
import { sameData } from './plain-data.ts';
import type { ServerSpec } from './server-spec.ts';

/**
 * Whether two specs ask for the same: data by value whatever the order of its keys, handlers, middleware and apps by
 * identity. Defaults are filled in by parsing, so a default that was written out equals one that was not.
 */
export const sameSpec = (a: ServerSpec, b: ServerSpec): boolean =>
  a === b ||
  (a.id === b.id &&
    a.name === b.name &&
    a.app === b.app &&
    a.upgrade === b.upgrade &&
    a.expose === b.expose &&
    a.disabled === b.disabled &&
    a.strategy === b.strategy &&
    a.paths === b.paths &&
    sameAddress(a.address, b.address) &&
    sameData(a.limits, b.limits) &&
    sameData(a.restart, b.restart) &&
    sameData(a.health, b.health) &&
    sameData(a.dependsOn, b.dependsOn) &&
    a.keepAlive === b.keepAlive &&
    sameData(a.logFilter, b.logFilter) &&
    sameData(a.http2, b.http2) &&
    sameData(a.tls, b.tls) &&
    sameData(a.middleware, b.middleware) &&
    sameData(a.routes, b.routes));

/** Groups of settings that a config names one by one. */
const GROUPS: ReadonlySet<string> = new Set(['limits']);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const differing = (a: object, b: object): readonly string[] =>
  Object.entries(a).flatMap(([key, value]) => {
    const other: unknown = Reflect.get(b, key);
    if (sameData(value, other)) return [];
    if (GROUPS.has(key) && isRecord(value) && isRecord(other)) return differing(value, other);
    return [key === 'address' ? 'listen' : key];
  });

/** The members of a server's config by which two specs of one id differ, as a config names them. */
export const differences = (a: ServerSpec, b: ServerSpec): readonly string[] => differing(a, b);
