import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Child, CLIENT_CPU } from './child.ts';
import { cpuMs, pinnedTo, watchOthers } from './machine.ts';

const run = promisify(execFile);

/** What wrk saw of a server, and what that cost it. */
export interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPUs kept busy by others meanwhile. */
  readonly others: number;
}

/** Busier than this and a sample says more about the neighbours: it is taken again, `REPEATS` times at most. */
export const OTHERS_LIMIT = 0.12;
const REPEATS = 2;
export const WARM_UP_SECONDS = 2;

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };

const microseconds = (text: string, percentile: string): number => {
  const [, value, unit = ''] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
  return Number(value) * (UNITS[unit] ?? Number.NaN);
};

/** What wrk asks for, and how. */
export interface Load {
  readonly path?: string;
  /** A new connection for every request. */
  readonly fresh?: boolean;
  /** Where wrk runs; `CLIENT_CPU` unless what is measured needs every CPU. */
  readonly anywhere?: boolean;
}

/** Runs wrk against a server; what it prints. */
export const wrk = async (wrkPath: string, port: number, seconds: number, load: Load = {}): Promise<string> => {
  const [program = '', ...args] = [
    ...(load.anywhere === true ? [] : pinnedTo(CLIENT_CPU)),
    ...[wrkPath, '-t1', '-c64', '--timeout=10s', `-d${seconds}s`, '--latency'],
    ...(load.fresh === true ? ['-H', 'Connection: close'] : []),
    `http://127.0.0.1:${port}${load.path ?? '/'}`,
  ];
  const { stdout } = await run(program, args);
  if (/Socket errors|Non-2xx/.test(stdout)) throw new Error(`wrk saw errors:\n${stdout}`);
  return stdout;
};

/** Of what wrk printed. */
export const readWrk = (text: string) => ({
  requests: Number(/(\d+) requests in/.exec(text)?.[1]),
  perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
  p50Us: microseconds(text, '50'),
  p99Us: microseconds(text, '99'),
});

/** One sample of a server that was just started: after a warm-up, then it is ended. */
const sampleOnce = async (wrkPath: string, start: () => Promise<StartedServer>, seconds: number): Promise<Sample> => {
  const { server, port } = await start();
  try {
    await wrk(wrkPath, port, WARM_UP_SECONDS);
    const others = watchOthers();
    const before = cpuMs(server.pid);
    const text = await wrk(wrkPath, port, seconds);
    const used = cpuMs(server.pid) - before;
    const { requests, ...rest } = readWrk(text);
    return { ...rest, cpuUs: (used * 1000) / requests, others: others() };
  } finally {
    await server.end();
  }
};

/** A server in a process of its own, and where it answers. */
export interface StartedServer {
  readonly server: Child;
  readonly port: number;
}

/** A sample of a server that is started for it; the quietest of several when others were busy. */
export const sampleByWrk = async (
  wrkPath: string,
  start: () => Promise<StartedServer>,
  seconds: number,
): Promise<Sample> => {
  let best = await sampleOnce(wrkPath, start, seconds);
  for (let repeat = 0; repeat < REPEATS && best.others > OTHERS_LIMIT; repeat += 1) {
    const next = await sampleOnce(wrkPath, start, seconds);
    if (next.others < best.others) best = next;
  }
  return best;
};
