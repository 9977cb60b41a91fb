import * as v from 'valibot';
import type { Issue } from '../config/issue.ts';
import type { SecretMarks } from '../config/secrets.ts';
import type { CommitMode, Strategy } from '../config/server-config.ts';
import { errorDataSchema } from '../workers/error-data-schema.ts';
import type { ErrorData } from '../workers/protocol.ts';
import { type DetailsData, detailsSchema } from './log-details.ts';
import type { WorkerMetricsOptions } from './worker-cluster.ts';

/** What the primary and the agents in its workers talk under. */
export const TOPIC = 'cluster';

/** How every worker makes its cluster. */
export interface AgentSettings {
  readonly name: string;
  readonly strategy: Strategy;
  readonly restartDelayMs: number;
  readonly startTimeoutMs: number;
  /** Milliseconds a worker has to leave. */
  readonly shutdownTimeoutMs: number;
  /** Absolute. */
  readonly baseDir: string;
  /** The module that gives code to names, absolute; absent when there is none. */
  readonly code?: string;
  /** How it measures what it serves; absent when it does not. */
  readonly metrics?: WorkerMetricsOptions;
}

/** A config as it travels. */
export interface ConfigData {
  /** How many switches there were, with the one to this config; 0 before the first. */
  readonly epoch: number;
  /** The push it came from. */
  readonly revision: number;
  /** Servers by id, as data, with addresses that have ports. */
  readonly servers: Readonly<Record<string, unknown>>;
  /** What they must not show. */
  readonly marks: SecretMarks;
}

/** What the primary says to an agent. */
export type ToAgent =
  /** This is in force: run it, then say so. */
  | { readonly type: 'catch-up'; readonly settings: AgentSettings; readonly config: ConfigData }
  /** It runs what is in force: it may be given work, and takes part in commits from now on. */
  | { readonly type: 'admit' }
  | {
      readonly type: 'prepare';
      readonly round: number;
      readonly commit: CommitMode;
      readonly config: ConfigData;
      /** Servers to be built anew even if their configs say the same. */
      readonly renew?: readonly string[];
    }
  | { readonly type: 'switch'; readonly round: number }
  | { readonly type: 'abort'; readonly round: number }
  /** It will be asked to leave; servers have so long, instead of what they say themselves. */
  | { readonly type: 'leave'; readonly drainTimeoutMs: number };

/** A refusal on its way. */
export interface RefusalData {
  /** Empty when it is about no server. */
  readonly server: string;
  readonly cause: ErrorData;
  readonly issues: readonly Issue[];
}

/** A server as a worker has it; what its config says is known to the primary. */
export interface ServerReport {
  readonly state: 'starting' | 'running' | 'draining' | 'stopped' | 'failed';
  readonly address: string;
  readonly url: string;
  readonly since: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly restarts: number;
  readonly error?: ErrorData;
  readonly health?: HealthReport;
  readonly tls?: TlsReport;
}

export interface HealthReport {
  readonly status: 'down' | 'warn' | 'ok';
  readonly rising: boolean;
  readonly falling: boolean;
  readonly message: string;
  readonly checks: number;
  readonly latencyMs: number;
  readonly since: number;
  readonly uptimeMs: number;
  readonly downtimeMs: number;
  readonly riseTimeMs: number;
  readonly fallTimeMs: number;
}

export interface TlsReport {
  readonly state: 'valid' | 'expiring' | 'expired';
  readonly names: readonly string[];
  readonly validTo: number;
  readonly fingerprint: string;
  readonly failedHandshakes: number;
  readonly error?: ErrorData;
}

export interface DrainingReport {
  readonly server: string;
  readonly address: string;
  readonly connections: number;
  readonly since: number;
}

/** What changed in a worker since it reported last. */
export interface Report {
  readonly epoch: number;
  readonly revision: number;
  /** Those that changed; `null` for one that is gone. */
  readonly servers: Readonly<Record<string, ServerReport | null>>;
  readonly draining: readonly DrainingReport[];
  /** Addresses at which it accepts connections. */
  readonly listening: readonly string[];
}

export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly details?: DetailsData;
}

/** What an agent says to the primary. */
export type FromAgent =
  /** It is there, and runs nothing yet. */
  | { readonly type: 'join' }
  | { readonly type: 'caught-up'; readonly epoch: number }
  | { readonly type: 'prepared'; readonly round: number }
  /** It is as it was before, but for those that could not be put back. */
  | {
      readonly type: 'refused';
      readonly round: number;
      readonly refusals: readonly RefusalData[];
      readonly unrestored: readonly RefusalData[];
    }
  | { readonly type: 'switched'; readonly round: number }
  | { readonly type: 'undone'; readonly round: number; readonly unrestored: readonly RefusalData[] }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'log'; readonly lines: readonly LogLine[]; readonly dropped: number }
  /** It takes part in nothing any more. */
  | { readonly type: 'leaving' }
  /** It has served to the end; connections that had to be cut. */
  | { readonly type: 'left'; readonly cut: number };

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.number();
const servers = v.record(v.string(), v.unknown());

const issue = v.object({
  server: v.exactOptional(v.string()),
  path: v.string(),
  expected: v.string(),
  received: v.string(),
  message: v.string(),
  hint: v.exactOptional(v.string()),
});

const refusals = v.array(v.object({ server: v.string(), cause: errorDataSchema, issues: v.array(issue) }));

const config = v.object({
  epoch: count,
  revision: count,
  servers,
  marks: v.record(
    v.string(),
    v.array(v.object({ path: v.string(), written: v.string(), values: v.record(v.string(), v.string()) })),
  ),
});

const settings = v.object({
  name: v.string(),
  strategy: v.picklist(['hot-swap', 'stop-then-start']),
  restartDelayMs: count,
  startTimeoutMs: count,
  shutdownTimeoutMs: count,
  baseDir: v.string(),
  code: v.exactOptional(v.string()),
  metrics: v.exactOptional(
    v.object({
      prefix: v.exactOptional(v.string()),
      maxRoutes: v.exactOptional(count),
      process: v.exactOptional(v.boolean()),
    }),
  ),
});

const toAgentSchema: v.GenericSchema<unknown, ToAgent> = v.variant('type', [
  v.object({ type: v.literal('catch-up'), settings, config }),
  v.object({ type: v.literal('admit') }),
  v.object({
    type: v.literal('prepare'),
    round: count,
    commit: v.picklist(['atomic', 'independent']),
    config,
    renew: v.exactOptional(v.array(v.string())),
  }),
  v.object({ type: v.literal('switch'), round: count }),
  v.object({ type: v.literal('abort'), round: count }),
  v.object({ type: v.literal('leave'), drainTimeoutMs: count }),
]);

const health = v.object({
  status: v.picklist(['down', 'warn', 'ok']),
  rising: v.boolean(),
  falling: v.boolean(),
  message: v.string(),
  checks: count,
  latencyMs: time,
  since: time,
  uptimeMs: time,
  downtimeMs: time,
  riseTimeMs: time,
  fallTimeMs: time,
});

const tls = v.object({
  state: v.picklist(['valid', 'expiring', 'expired']),
  names: v.array(v.string()),
  validTo: time,
  fingerprint: v.string(),
  failedHandshakes: count,
  error: v.exactOptional(errorDataSchema),
});

const server = v.object({
  state: v.picklist(['starting', 'running', 'draining', 'stopped', 'failed']),
  address: v.string(),
  url: v.string(),
  since: time,
  connections: count,
  inFlight: count,
  restarts: count,
  error: v.exactOptional(errorDataSchema),
  health: v.exactOptional(health),
  tls: v.exactOptional(tls),
});

const draining = v.object({ server: v.string(), address: v.string(), connections: count, since: time });

const report = v.object({
  epoch: count,
  revision: count,
  servers: v.record(v.string(), v.nullable(server)),
  draining: v.array(draining),
  listening: v.array(v.string()),
});

const line = v.object({
  level: v.picklist(['error', 'warn', 'info', 'debug']),
  message: v.string(),
  details: v.exactOptional(detailsSchema),
});

const fromAgentSchema: v.GenericSchema<unknown, FromAgent> = v.variant('type', [
  v.object({ type: v.literal('join') }),
  v.object({ type: v.literal('caught-up'), epoch: count }),
  v.object({ type: v.literal('prepared'), round: count }),
  v.object({ type: v.literal('refused'), round: count, refusals, unrestored: refusals }),
  v.object({ type: v.literal('switched'), round: count }),
  v.object({ type: v.literal('undone'), round: count, unrestored: refusals }),
  v.object({ type: v.literal('report'), report }),
  v.object({ type: v.literal('log'), lines: v.array(line), dropped: count }),
  v.object({ type: v.literal('leaving') }),
  v.object({ type: v.literal('left'), cut: count }),
]);

/** Reads what came from the primary; `undefined` for what is no message. */
export const readToAgent = (body: unknown): ToAgent | undefined => {
  const parsed = v.safeParse(toAgentSchema, body);
  return parsed.success ? parsed.output : undefined;
};

/** Reads what came from an agent; `undefined` for what is no message. */
export const readFromAgent = (body: unknown): FromAgent | undefined => {
  const parsed = v.safeParse(fromAgentSchema, body);
  return parsed.success ? parsed.output : undefined;
};
