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
    sameAddress(a.address, b.address) &&
    sameData(a.limits, b.limits) &&
    sameData(a.restart, b.restart) &&
    sameData(a.routes, b.routes));
