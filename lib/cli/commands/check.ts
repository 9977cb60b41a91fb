import { dirname, resolve } from 'node:path';
import { formatAddress, isAnyPort } from '../../config/address.ts';
import { OptionsError } from '../../config/errors.ts';
import { clientUrl } from '../../config/expose.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import type { WorkersCount, WorkersSettings } from '../../config/workers-config.ts';
import { workerCount } from '../../cpus/worker-count.ts';
import type { LoadedEvent } from '../../source/source.ts';
import { type Complaint, complaintOf, errorComplaint } from '../complaint.ts';
import { type Console, printLines, printResult } from '../console.ts';
import { complaintLines } from '../event-line.ts';
import { EXIT, type ExitCode, exitCodeOfProblem } from '../exit-code.ts';
import { workersFor } from '../fixed-settings.ts';
import type { CheckedServer } from '../json-events.ts';
import { missingCode } from '../missing-code.ts';
import type { Line } from '../paint.ts';
import { readOnce, specsIn } from '../read-once.ts';
import { counted, pad, printable, widthOf } from '../text.ts';

export interface CheckOptions {
  readonly file: string;
  readonly json: boolean;
  /** How many workers there would be, whatever the file says. */
  readonly workers?: WorkersCount | undefined;
  /** Milliseconds a module and the stream it exports have for the first configuration; 15 000 by default. */
  readonly timeoutMs?: number;
  /** Where `WEB_CONCURRENCY` may stand; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Says whether a file is valid and what it would serve, without starting anything. */
export const check = async (options: CheckOptions, console: Console): Promise<ExitCode> => {
  const { file, json, timeoutMs, workers: asked, env = process.env } = options;
  const event = await readOnce(file, timeoutMs, asked !== undefined);
  const wanted = event.type === 'loaded' ? workersFor(event, asked) : undefined;
  const { workers, complaint } = counting(wanted, env);
  const specs = event.type === 'loaded' ? specsIn(event, workers !== undefined) : [];
  const missing =
    event.type === 'failed' || workers === undefined ? [] : await missingCode(event, workers, dirname(resolve(file)));
  const problems = [...event.problems, ...missing].map(complaintOf).concat(complaint ?? []);
  const valid = problems.length === 0;
  if (json) {
    const servers = specs.map(serverJson);
    const onWorkers = workers === undefined ? {} : { workers: { ...workers, count: workers.count ?? 'auto' } };
    printResult(console.stdout, { type: 'check', file, valid, servers, ...onWorkers, problems });
  } else {
    if (event.type === 'loaded') printLines(console.stdout, console.paint, summary(event, specs, workers, valid));
    printLines(console.stderr, console.paintErrors, problems.flatMap(complaintLines));
  }
  const [problem] = event.problems;
  if (problem !== undefined) return exitCodeOfProblem(problem);
  return valid ? EXIT.done : EXIT.invalid;
};

interface Counted {
  readonly workers: WorkersSettings | undefined;
  readonly complaint?: Complaint;
}

/** The same workers, as many as the variable says where it decides. */
const counting = (workers: WorkersSettings | undefined, env: NonNullable<CheckOptions['env']>): Counted => {
  if (workers === undefined || typeof workers.count === 'number' || env.WEB_CONCURRENCY === undefined)
    return { workers };
  try {
    return { workers: { ...workers, count: workerCount(workers.count, env) } };
  } catch (error) {
    if (error instanceof OptionsError) return { workers, complaint: errorComplaint(error) };
    throw error;
  }
};

const serverJson = (spec: ServerSpec): CheckedServer => ({
  id: spec.id,
  name: spec.name,
  listen: formatAddress(spec.address),
  url: clientUrl(spec.expose, spec.address, spec.tls !== undefined),
  disabled: spec.disabled,
  routes: (spec.routes ?? []).map(({ path }) => path),
});

const onText = (workers: WorkersSettings | undefined): string => {
  const count = workers && (workers.count ?? 'auto');
  switch (count) {
    case undefined:
      return '';
    case 'auto':
      return ' on a worker for each CPU';
    case 'physical':
      return ' on a worker for each core';
    default:
      return ` on ${counted(count, 'worker')}`;
  }
};

const summary = (
  { file }: LoadedEvent,
  specs: readonly ServerSpec[],
  workers: WorkersSettings | undefined,
  valid: boolean,
): readonly Line[] => {
  const count = `${counted(specs.length, 'server')}${onText(workers)}`;
  const rows = specs.map((spec) => [printable(spec.id), printable(whereOf(spec)), printable(whatOf(spec))] as const);
  const [ids, places] = [0, 1].map((column) => Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))));
  return [
    [
      { text: printable(file) },
      valid ? { text: ' is valid', style: 'good' } : { text: ' is not valid', style: 'bad' },
      { text: valid ? `: it would serve ${count}` : `: only ${count} would be served` },
    ],
    ...rows.map(
      ([id, where, what]): Line => [
        { text: `  ${pad(id, ids ?? 0)}  `, style: 'strong' },
        { text: `${pad(where, places ?? 0)}  ` },
        { text: what, style: 'faint' },
      ],
    ),
  ];
};

const whereOf = ({ address, expose, disabled, tls }: ServerSpec): string => {
  if (disabled) return `${formatAddress(address)} (disabled)`;
  if (isAnyPort(address)) {
    const isRange = address.kind === 'tcp' && address.range !== undefined;
    return `${formatAddress(address)} (${isRange ? 'the first free port' : 'any free port'})`;
  }
  const url = clientUrl(expose, address, tls !== undefined);
  return expose === undefined ? url : `${url} (${formatAddress(address)})`;
};

const whatOf = ({ routes }: ServerSpec): string => {
  if (routes === undefined) return 'an app';
  return routes.length === 0 ? 'no routes' : routes.map(({ path }) => path).join(' ');
};
