// Draws the states of a cluster into docs/reference/states.md, from the table the code works with: `npm run docs`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_TRANSITIONS, type ClusterState } from '../lib/cluster/cluster-state.ts';

const page = join(import.meta.dirname, 'reference', 'states.md');

/** A Mermaid diagram of a transition table. */
export const drawStates = (transitions: Readonly<Record<string, readonly string[]>>, first: string): string =>
  [
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...Object.entries(transitions).flatMap(([from, targets]) => targets.map((to) => `  ${from} --> ${to}`)),
    '```',
  ].join('\n');

/** The page with the diagram of today between its two marks. */
export const withDiagram = (text: string): string => {
  const first: ClusterState = 'New';
  return text.replace(
    /(<!-- states -->\n)[\s\S]*?(<!-- \/states -->)/,
    (_, open: string, close: string) => `${open}${drawStates(CLUSTER_TRANSITIONS, first)}\n${close}`,
  );
};

export const readPage = (): string => readFileSync(page, 'utf8');

if (process.argv[1] === import.meta.filename) writeFileSync(page, withDiagram(readPage()));
