import { formatAddress, isAnyPort } from '../../config/address.ts';
import { clientUrl } from '../../config/expose.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import type { WorkersCount, WorkersSettings } from '../../config/workers-config.ts';
import type { LoadedEvent } from '../../source/source.ts';
import { complaintOf } from '../complaint.ts';
import { type Console, printLines, printResult } from '../console.ts';
import { complaintLines } from '../event-line.ts';
import { EXIT, type ExitCode, exitCodeOfProblem } from '../exit-code.ts';
import { workersFor } from '../fixed-settings.ts';
import type { CheckedServer } from '../json-events.ts';
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
}

/** Says whether a file is valid and what it would serve, without starting anything. */
export const check = async (options: CheckOptions, console: Console): Promise<ExitCode> => {
  const { file, json, timeoutMs, workers: asked } = options;
  const event = await readOnce(file, timeoutMs, asked !== undefined);
  const workers = event.type === 'loaded' ? workersFor(event, asked) : undefined;
  const specs = event.type === 'loaded' ? specsIn(event, workers !== undefined) : [];
  const problems = event.problems.map(complaintOf);
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
  return problem === undefined ? EXIT.done : exitCodeOfProblem(problem);
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
