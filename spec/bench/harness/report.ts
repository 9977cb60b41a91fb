import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BenchResult, Table } from './bench.ts';
import { machineLine } from './machine.ts';

const results = fileURLToPath(new URL('../results/', import.meta.url));

const markdown = ({ columns, rows, caption }: Table): string => {
  const widths = columns.map((column, n) => Math.max(column.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, n) => (cells[n] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [...(caption === undefined ? [] : [caption, '']), line(columns), rule, ...rows.map(line)].join('\n');
};

/** The whole result as text: what a terminal shows is what the file holds. */
export const render = (title: string, command: string, result: BenchResult): string => {
  const findings: Table = {
    columns: ['target', 'measured', 'met'],
    rows: result.findings.map(({ target, measured, met }) => [target, measured, met ? 'yes' : '**no**']),
  };
  const notes = [...result.notes, ...result.missing.map((missing) => `Not measured: ${missing}`)];
  return [
    `## ${title}`,
    ...result.tables.map(markdown),
    ...(findings.rows.length > 0 ? [markdown(findings)] : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
    `\`${command}\` on ${machineLine()}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ].join('\n\n');
};

/** Prints a result and keeps it as `results/<name>.md` and `.json`. */
export const publish = (name: string, title: string, command: string, result: BenchResult): void => {
  const text = render(title, command, result);
  mkdirSync(results, { recursive: true });
  writeFileSync(`${results}${name}.md`, `${text}\n`);
  writeFileSync(`${results}${name}.json`, `${JSON.stringify({ title, command, ...result }, null, 2)}\n`);
  process.stdout.write(`\n${text}\n`);
};
