import { type Address, formatAddress, parseAddress } from '../config/address.ts';
import type { Issue } from '../config/issue.ts';
import { issueOf } from '../config/issues.ts';
import { nearest } from '../config/nearest.ts';
import { copyPlainData, isPlainObject } from '../config/plain-data.ts';
import { oneLine, received } from '../config/received.ts';
import type { TlsConfig } from '../config/tls-config.ts';
import { wording } from '../config/wording.ts';
import { type ListedTls, mergeTls } from './default-tls.ts';
import type { Listed } from './list-rules.ts';
import type { PoolHandler, PoolServerConfig } from './pool-server.ts';
import { readServer } from './read-server.ts';
import type { Stand } from './shared-handlers.ts';

/** One server of a list. */
export interface ListedServer extends Omit<PoolServerConfig, 'tls'> {
  /**
   * Settings over the default ones of the list, as `setDefaultTls` says. `true` is encrypted with those as they are, and
   * refused while there are none; `false` is never encrypted. Without it a server is encrypted as soon as there are.
   */
  readonly tls?: ListedTls;
}

/** What the servers of a list share. */
export interface Shared {
  readonly handler: PoolHandler | undefined;
  readonly tls: TlsConfig | undefined;
}

/** One server of a list, read by itself. */
export interface ListedReading extends Listed {
  /** Where it is to listen, as well as that is known. */
  readonly bind: string;
  /** As a pool is to have it; `undefined` when it is not valid. */
  readonly config: PoolServerConfig | undefined;
  /** All that is wrong with it by itself. */
  readonly issues: readonly Issue[];
}

/** Members that are code and stay as they are. */
const CODE: ReadonlySet<string> = new Set(['app', 'upgrade']);

/** A copy down to the last record and list; code is the same. What is no plain data is left to whoever reads it. */
export const copyListed = <T>(given: T): T => {
  const copied = copyPlainData(given, CODE);
  // What was copied is neither cyclic nor too deep, and has the same members.
  return copied.ok ? (withPrototypes(copied.value, CODE) as T) : given;
};

/** Records as people write them: the copies of `copyPlainData` have no prototype, and look odd where they are printed. */
const withPrototypes = (value: unknown, opaque?: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map((member) => withPrototypes(member));
  if (!isPlainObject(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [
    key,
    opaque?.has(key) ? member : withPrototypes(member),
  ]);
  return Object.fromEntries(members);
};

/** The same server with the encryption it gets from the list. */
export const withTls = (server: ListedServer, shared: TlsConfig | undefined): ListedServer => {
  if (!isPlainObject(server)) return server;
  const { tls = shared !== undefined, ...rest } = server;
  if (tls === false) return rest;
  if (shared === undefined) return server;
  if (tls === true) return { ...rest, tls: copyListed(shared) };
  return isPlainObject(tls) ? { ...rest, tls: mergeTls(copyListed(shared), tls) } : server;
};

/** Nobody asks servers that are only looked at. */
const nobody: Stand = { app: () => new Response(), handler: () => new Response() };

/** Reads the servers of a list one by one. Never throws, whatever it is given. */
export const readListed = (servers: readonly ListedServer[], shared: Shared): readonly ListedReading[] => {
  const names = new Set<string>();
  return servers.map((server, index) => {
    const reading = readOne(server, `#${index}`, shared, names);
    if (reading.name !== undefined) names.add(reading.name);
    return reading;
  });
};

const readOne = (given: ListedServer, position: string, shared: Shared, names: ReadonlySet<string>): ListedReading => {
  const copied = copyPlainData(given, CODE);
  // What cannot even be copied is not looked at any further: it may throw wherever it is touched.
  if (!copied.ok) return unreadable(position, issueOf(position, copied.path, received(given), copied.wording));
  const server = withTls(copyListed(given), shared.tls);
  const members: Readonly<Record<string, unknown>> = isPlainObject(server) ? server : {};
  const name = typeof members.name === 'string' && members.name !== '' ? members.name : undefined;
  const label = name === undefined || names.has(name) ? position : oneLine(name);
  const own = [...tlsIssues(members, label), ...handlerIssues(members, label, shared.handler)];
  // Said in its own words above.
  const isCertain = members.tls !== true;
  const reading = readServer(isCertain ? server : { ...members, tls: undefined }, 'listed', () => nobody);
  const issues = reading.ok ? own : [...reading.issues.map((issue) => ({ ...issue, server: label })), ...own];
  const address = reading.ok ? reading.spec.address : addressOf(members.listen);
  return {
    label,
    name,
    address,
    bind: address === undefined ? textOf(members.listen) : formatAddress(address),
    disabled: members.disabled === true,
    dependsOn: Array.isArray(members.dependsOn) ? members.dependsOn.filter((one) => typeof one === 'string') : [],
    config: reading.ok && issues.length === 0 ? reading.config : undefined,
    issues,
  };
};

const textOf = (listen: unknown): string => (typeof listen === 'string' ? oneLine(listen) : '');

const unreadable = (label: string, issue: Issue): ListedReading => ({
  label,
  name: undefined,
  address: undefined,
  bind: '',
  disabled: false,
  dependsOn: [],
  config: undefined,
  issues: [issue],
});

const addressOf = (listen: unknown): Address | undefined => {
  const read = typeof listen === 'string' ? parseAddress(listen) : undefined;
  return read?.ok === true ? read.address : undefined;
};

const tlsIssues = ({ tls }: Readonly<Record<string, unknown>>, label: string): readonly Issue[] => {
  if (tls !== true) return [];
  const hint = "give the list a default with 'setDefaultTls', or the server a certificate and its key";
  return [issueOf(label, 'tls', 'true', wording('TLS settings', 'there is nothing to encrypt with', hint))];
};

const keysOf = (handler: PoolHandler): readonly string[] => {
  if (typeof handler === 'function') return [''];
  // What is no handler at all is refused when a pool is made of the list; here nothing may throw.
  if (typeof handler !== 'object') return [];
  try {
    return typeof Reflect.get(handler, 'fetch') === 'function' ? [''] : Object.keys(handler);
  } catch {
    return [];
  }
};

/** A key that no handler has is found before the first request asks for it. */
const handlerIssues = (
  { app, routes, handlerKey = '' }: Readonly<Record<string, unknown>>,
  label: string,
  handler: PoolHandler | undefined,
): readonly Issue[] => {
  if (app !== undefined || routes !== undefined || typeof handlerKey !== 'string' || !handler) return [];
  const keys = keysOf(handler);
  if (keys.includes(handlerKey)) return [];
  const near = nearest(
    handlerKey,
    keys.filter((key) => key !== ''),
  );
  const hint = near === undefined ? "give 'app' or 'routes', or the list a handler with this key" : `write '${near}'`;
  const text = wording('the key of a handler', `there is no handler '${oneLine(handlerKey)}'`, hint);
  return [issueOf(label, 'handlerKey', received(handlerKey), text)];
};
