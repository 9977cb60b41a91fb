import { dirname, resolve } from 'node:path';
import { surroundings } from '../../admin/control-directory.ts';
import type { ServerSpec } from '../../config/server-spec.ts';
import { type Column, column, type Dropping, drawTable } from '../columns.ts';
import { type Console, columnsOf, printLines, printResult } from '../console.ts';
import { lookAtAddresses } from '../doctor/addresses.ts';
import { lookAtControl } from '../doctor/control.ts';
import { type Finding, fail } from '../doctor/finding.ts';
import { judgeNode } from '../doctor/node-version.ts';
import { judgeOpenFiles, openFilesLimit } from '../doctor/open-files.ts';
import { lookAtConfigFile } from '../doctor/permissions.ts';
import { lookAtServices } from '../doctor/services.ts';
import { complaintLine } from '../event-line.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Line, Style } from '../paint.ts';
import { readOnce, specsIn } from '../read-once.ts';
import { underSpinner } from '../spinner.ts';
import { counted, printable } from '../text.ts';

export interface DoctorOptions {
  /** Looked at too, when there is one. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/** Looks for what would keep servers from running on this machine; changes nothing. */
export const doctor = async ({ file, json }: DoctorOptions, console: Console): Promise<ExitCode> => {
  const findings = await underSpinner(console, 'looking', json, () => lookAround(file));
  const failures = findings.filter(({ status }) => status === 'fail').length;
  if (json) {
    printResult(console.stdout, { type: 'doctor', ...(file && { file }), ok: failures === 0, findings });
  } else printLines(console.stdout, console.paint, linesOf(findings, columnsOf(console)));
  return failures === 0 ? EXIT.done : EXIT.error;
};

const lookAround = async (file: string | undefined): Promise<readonly Finding[]> => {
  const { specs, findings } = file === undefined ? { specs: [], findings: [] } : await lookAtFile(file);
  const control = await lookAtControl();
  return [
    judgeNode(process.version),
    judgeOpenFiles(openFilesLimit(), connectionsOf(specs)),
    ...control.findings,
    ...findings,
    ...(await lookAtServices(specs, dirname(resolve(file ?? '.')))),
    ...(await lookAtAddresses(specs, control.held)),
  ];
};

const lookAtFile = async (file: string) => {
  const event = await readOnce(file);
  const specs = event.type === 'loaded' ? specsIn(event) : [];
  const invalid = event.problems.map((problem) => fail('config', complaintLine(problem), problem.hint));
  return { specs, findings: [...invalid, ...lookAtConfigFile(file, surroundings().uid)] };
};

const connectionsOf = (specs: readonly ServerSpec[]): number => {
  const limits = specs.filter(({ disabled }) => !disabled).map(({ limits: { maxConnections } }) => maxConnections);
  return limits.includes(0) ? 0 : limits.reduce((sum, limit) => sum + limit, 0);
};

type ColumnName = 'status' | 'check' | 'message';

type Row = Readonly<Record<ColumnName, string>> & { readonly finding: Finding };

const COLUMNS: readonly Column<ColumnName>[] = [
  column('status', '', 'left', 4),
  column('check', 'CHECK', 'left', 11),
  column('message', 'FOUND', 'left', 40, 20),
];

const DROPPING: Dropping<ColumnName> = { luxuries: [], needs: ['check'], shrinkable: ['message'] };

const STYLES: Readonly<Record<Finding['status'], Style>> = { ok: 'good', warn: 'busy', fail: 'bad' };

const linesOf = (findings: readonly Finding[], width: number): readonly Line[] => {
  const rows = findings.map((finding): Row => {
    const { status, check, message } = finding;
    return { status, check, message: printable(message), finding };
  });
  const table = drawTable(COLUMNS, rows, DROPPING, width, ({ finding }, name) =>
    name === 'status' ? STYLES[finding.status] : undefined,
  );
  // The head is one line, then one per finding: what to do about it goes below.
  const lines = table.flatMap((line, index): readonly Line[] => {
    const hint = findings[index - 1]?.hint;
    return hint === undefined ? [line] : [line, [{ text: `      hint: ${printable(hint)}`, style: 'faint' }]];
  });
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const verdict: Line =
    failed > 0
      ? [{ text: `${counted(failed, 'thing')} in the way`, style: 'bad' }, { text: `, ${counted(warned, 'warning')}` }]
      : [{ text: 'nothing is in the way', style: 'good' }, { text: `, ${counted(warned, 'warning')}` }];
  return [...lines, verdict];
};
