import { formatAddress, isAnyPort } from '../../config/address.ts';
import { clientUrl } from '../../config/expose.ts';
import { parseCluster } from '../../config/parse.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import type { LoadedEvent } from '../../source/source.ts';
import { complaintOf } from '../complaint.ts';
import { type Console, printLines, printResult } from '../console.ts';
import { complaintLines } from '../event-line.ts';
import { EXIT, type ExitCode, exitCodeOfProblem } from '../exit-code.ts';
import type { CheckedServer } from '../json-events.ts';
import type { Line } from '../paint.ts';
import { readOnce } from '../read-once.ts';
import { counted, pad, printable, widthOf } from '../text.ts';

export interface CheckOptions {
  readonly file: string;
  readonly json: boolean;
  /** Milliseconds a module and the stream it exports have for the first configuration; 15 000 by default. */
  readonly timeoutMs?: number;
}

/** Says whether a file is valid and what it would serve, without starting anything. */
export const check = async ({ file, json, timeoutMs }: CheckOptions, console: Console): Promise<ExitCode> => {
  const event = await readOnce(file, timeoutMs);
  const specs = event.type === 'loaded' ? [...parseCluster(event.servers).specs.values()] : [];
  const problems = event.problems.map(complaintOf);
  const valid = problems.length === 0;
  if (json) {
    printResult(console.stdout, { type: 'check', file, valid, servers: specs.map(serverJson), problems });
  } else {
    if (event.type === 'loaded') printLines(console.stdout, console.paint, summary(event, specs, valid));
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

const summary = ({ file }: LoadedEvent, specs: readonly ServerSpec[], valid: boolean): readonly Line[] => {
  const count = counted(specs.length, 'server');
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
