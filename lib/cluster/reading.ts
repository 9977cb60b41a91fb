import { concatMap, defer, ignoreElements, type Observable, range } from 'rxjs';
import { ConfigError } from '../config/errors.ts';
import type { Issue } from '../config/issue.ts';
import { nearest } from '../config/nearest.ts';
import { parseCluster, readServers, unreadServers } from '../config/parse.ts';
import { oneLine } from '../config/received.ts';
import type { CommitMode } from '../config/server-config.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { yieldTurn } from '../reactive/yield-turn.ts';
import type { Refusal } from './outcome.ts';

/** What a pushed config asks for, as far as it can be done. */
export interface Reading {
  readonly specs: ReadonlyMap<string, ServerSpec>;
  /** Servers that stay behind because what was asked of them is not valid. */
  readonly refused: readonly Refusal[];
  /** Why nothing of it can be done; otherwise absent. */
  readonly issues?: readonly Issue[];
}

/** Stands in the place of a config: what is in force is to be built anew, for these servers or for all of them. */
export class Renewal {
  readonly ids: readonly string[] | undefined;
  /** What is to be put in force instead, where those servers are built anew even if it says the same of them. */
  readonly config: unknown;
  constructor(ids: readonly string[] | undefined, config?: unknown) {
    this.ids = ids;
    this.config = config;
  }
}

/** A spec that says the same and is another one: so it is built and put in force again. */
const renewed = (spec: ServerSpec): ServerSpec => Object.freeze({ ...spec });

const renewedConfig = ({ ids, config }: Renewal, former: ReadonlyMap<string, ServerSpec>): Reading => {
  const reading = readConfig(config, former, 'atomic');
  return reading.issues === undefined ? readRenewal(new Renewal(ids), reading.specs) : reading;
};

const readRenewal = ({ ids }: Renewal, former: ReadonlyMap<string, ServerSpec>): Reading => {
  const runs = [...running(former).keys()];
  const names = new Set(ids ?? runs);
  const issues = [...names].flatMap((id): readonly Issue[] => {
    if (runs.includes(id)) return [];
    const message = former.has(id) ? 'is disabled' : 'is not there';
    const near = nearest(String(id), runs);
    const hint = near === undefined ? {} : { hint: `did you mean '${near}'?` };
    return [
      {
        server: oneLine(String(id), 64),
        path: '',
        expected: 'a server that runs',
        received: message,
        message,
        ...hint,
      },
    ];
  });
  if (issues.length > 0) return { specs: former, refused: [], issues: issues.map((issue) => Object.freeze(issue)) };
  return { specs: new Map([...former].map(([id, spec]) => [id, names.has(id) ? renewed(spec) : spec])), refused: [] };
};

/** Servers that are read in one turn: some 1 ms. */
const PORTION = 50;

/**
 * Reads a config of many new servers in portions, with a turn for everybody else between them; after that it is known,
 * and reading it whole takes no time. Completes at once when there is little to read.
 */
export const readAhead = (config: unknown): Observable<never> =>
  defer(() => {
    const unread = config instanceof Renewal ? [] : unreadServers(config);
    const portions = Math.floor(unread.length / PORTION);
    return range(0, portions).pipe(
      concatMap((portion) => {
        readServers(config, unread.slice(portion * PORTION, (portion + 1) * PORTION));
        return yieldTurn();
      }),
      ignoreElements(),
    );
  });

/**
 * Reads a config, or what stands in the place of one: all of it, or with `independent` what is left of it without the
 * servers that are not valid.
 *
 * @param further - what else is wrong with servers of it.
 */
export const readConfig = (
  config: unknown,
  former: ReadonlyMap<string, ServerSpec>,
  mode: CommitMode,
  further: readonly Issue[] = [],
): Reading => {
  if (config instanceof Renewal) {
    return config.config === undefined ? readRenewal(config, former) : renewedConfig(config, former);
  }
  const parsed = parseCluster(config, former);
  const issues = [...further, ...parsed.issues];
  // Outcomes and snapshots hand them out to everybody.
  for (const issue of issues) Object.freeze(issue);
  if (issues.length === 0) return { specs: parsed.specs, refused: [] };
  const refused = new Set([...further.flatMap(({ server }) => server ?? []), ...parsed.refused]);
  const specs = new Map([...parsed.specs].filter(([id]) => !refused.has(id)));
  if (mode === 'atomic' || refused.size === 0 || specs.size === 0) return { specs, refused: [], issues };
  const refusals = [...refused].map((server): Refusal => {
    const own = issues.filter((issue) => issue.server === server);
    return { server, cause: new ConfigError(own), issues: own };
  });
  return { specs, refused: refusals };
};

/** Those that should run: disabled servers are only known. */
export const running = (specs: ReadonlyMap<string, ServerSpec>): ReadonlyMap<string, ServerSpec> => {
  for (const { disabled } of specs.values()) {
    if (disabled) return new Map([...specs].filter(([, spec]) => !spec.disabled));
  }
  return specs;
};
