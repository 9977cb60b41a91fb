import { type Finding, ok, warn } from './finding.ts';

/** Files that are open besides connections: listening sockets, modules, logs. */
const BESIDES = 100;
/** The part of what is left that connections may take, so that certificates and configurations can still be read. */
const SHARE = 0.8;
/** Below this a busy server runs out. */
const FEW = 4_096;

/** How many connections at once a limit on open files leaves room for. */
export const connectionsWithin = (limit: number): number => Math.max(0, Math.floor((limit - BESIDES) * SHARE));

/**
 * Whether the limit on open files is high enough. Pure.
 *
 * @param limit - of this process; `Infinity` where there is none, `undefined` when it is not known.
 * @param wanted - connections that the servers of a configuration allow together; 0 when one of them has no limit.
 */
export const judgeOpenFiles = (limit: number | undefined, wanted: number): Finding => {
  if (limit === undefined) return warn('files', 'the limit on open files is not known', 'look with ulimit -n');
  const room = connectionsWithin(limit);
  const said = `${limit} open files: room for about ${room} connections`;
  if (wanted > room) {
    return warn('files', `${said}, and maxConnections asks for ${wanted}`, `raise ulimit -n to ${neededFor(wanted)}`);
  }
  if (limit < FEW) return warn('files', said, 'raise it: ulimit -n 65536, or LimitNOFILE=65536 in the unit');
  return ok('files', limit === Number.POSITIVE_INFINITY ? 'no limit on open files' : said);
};

const neededFor = (connections: number): number => Math.ceil(connections / SHARE) + BESIDES;

/** The limit on open files of this process, as the report of Node has it. */
export const openFilesLimit = (): number | undefined => {
  const report: unknown = process.report.getReport();
  if (typeof report !== 'object' || report === null || !('userLimits' in report)) return undefined;
  const { userLimits } = report;
  if (typeof userLimits !== 'object' || userLimits === null || !('open_files' in userLimits)) return undefined;
  const limits = userLimits.open_files;
  const soft = typeof limits === 'object' && limits !== null && 'soft' in limits ? limits.soft : undefined;
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof soft === 'number' ? soft : Number(soft) || undefined;
};
