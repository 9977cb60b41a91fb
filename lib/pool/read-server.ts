import { type Address, parseAddress } from '../config/address.ts';
import type { Issue } from '../config/issue.ts';
import { issueOf } from '../config/issues.ts';
import { parseCluster } from '../config/parse.ts';
import { isPlainObject } from '../config/plain-data.ts';
import { received } from '../config/received.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { wording } from '../config/wording.ts';
import type { PoolServerConfig } from './pool-server.ts';
import type { Stand } from './shared-handlers.ts';

/** The config of one server, as people wrote it, as the cluster gets it, and as it was understood. */
export interface ReadServer {
  /** As it was given, without members that are `undefined`; frozen. */
  readonly config: PoolServerConfig;
  /** What the cluster is told, apart from who it depends on. */
  readonly base: ServerConfig;
  readonly spec: ServerSpec;
}

export type ServerReading =
  | ({ readonly ok: true } & ReadServer)
  | { readonly ok: false; readonly issues: readonly Issue[] };

const LISTEN_MISSING = wording(
  'an http or https URL',
  "cannot be derived without 'listen'",
  "give 'listen', or where clients reach the server",
);

const TLS_TRUE = "give a certificate and its key; 'true' is for the list of poolConfig(…) with setDefaultTls(…)";

/** What only pools know of a server. */
const OWN: ReadonlySet<string> = new Set(['handlerKey', 'dependsOn']);

const ownIssues = (handlerKey: unknown, dependsOn: unknown): readonly Issue[] => {
  const issues: Issue[] = [];
  if (handlerKey !== undefined && typeof handlerKey !== 'string') {
    issues.push(issueOf(undefined, 'handlerKey', received(handlerKey), wording('the key of a handler: a text')));
  }
  const isList = Array.isArray(dependsOn) && dependsOn.every((one) => typeof one === 'string');
  if (dependsOn !== undefined && !isList) {
    const text = wording('an array of names or addresses', '', "write ['database'] or ['127.0.0.1:8080']");
    issues.push(issueOf(undefined, 'dependsOn', received(dependsOn), text));
  }
  return issues;
};

/** What answers in the place of a server that has nothing of its own to do so. */
const answering = (rest: Readonly<Record<string, unknown>>, stand: Stand): Readonly<Record<string, unknown>> => {
  if (rest.app !== undefined || rest.routes !== undefined) return rest;
  return rest.middleware === undefined
    ? { ...rest, app: stand.app }
    : { ...rest, routes: [{ path: '*', handler: stand.handler }] };
};

/** What a config says, by member; `undefined` for what is none. */
export type Members = Readonly<Record<string, unknown>> | undefined;

/** Each member read once: what a getter says is the same for everybody from here on. */
export const membersOf = (given: unknown): Members => {
  try {
    if (!isPlainObject(given)) return undefined;
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  } catch {
    return undefined;
  }
};

/** What a server is called of which nothing is known. */
export const NAMELESS = 'server';

/** What people call a server before it has one: its name, or where it was to listen. */
export const labelOf = (members: Members): string => {
  const named = [members?.name, members?.listen].find((text) => typeof text === 'string' && text !== '');
  return typeof named === 'string' ? named : NAMELESS;
};

/** Where a server is to listen, when that is an address. */
export const listenIn = (members: Members): Address | undefined => {
  const read = typeof members?.listen === 'string' ? parseAddress(members.listen) : undefined;
  return read?.ok === true ? read.address : undefined;
};

/**
 * Reads the config of one server of a pool. Never throws, whatever it is given; names all that is wrong.
 *
 * @param id - the server's id in the cluster.
 * @param standFor - who answers for a handler of the pool.
 */
export const readServer = (given: unknown, id: string, standFor: (key: string) => Stand): ServerReading => {
  const members = membersOf(given);
  const label = labelOf(members);
  const labelled = (issues: readonly Issue[]): ServerReading => ({
    ok: false,
    issues: issues.map((issue) => Object.freeze({ ...issue, server: label })),
  });
  if (members === undefined) return labelled(parseCluster({ [id]: given ?? 0 }).issues);
  const { handlerKey, dependsOn } = members;
  const own = ownIssues(handlerKey, dependsOn);
  const rest = Object.fromEntries(Object.entries(members).filter(([member]) => !OWN.has(member)));
  const base = answering(rest, standFor(typeof handlerKey === 'string' ? handlerKey : ''));
  const { specs, issues } = parseCluster({ [id]: base });
  const isLost = (rest.listen === undefined || rest.listen === '') && rest.expose === undefined;
  const hinted =
    rest.tls === true ? issues.map((issue) => (issue.path === 'tls' ? { ...issue, hint: TLS_TRUE } : issue)) : issues;
  const lost = isLost ? [issueOf(undefined, 'expose', received(rest.expose), LISTEN_MISSING)] : [];
  const spec = specs.get(id);
  if (spec === undefined || own.length > 0) return labelled([...hinted, ...lost, ...own]);
  // What the parser has accepted is a server config, and the two members that it does not know were looked at here.
  const config = Object.freeze(members as object as PoolServerConfig);
  return { ok: true, config, base: base as object as ServerConfig, spec };
};
