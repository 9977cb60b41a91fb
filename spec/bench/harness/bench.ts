/** Numbers a bench can be run with, all of them with a default: `--rounds=3` on the command line. */
export type Parameters = Readonly<Record<string, number>>;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What stands above it. */
  readonly caption?: string;
}

/** One target beside what was measured. Missing it is a fact to be read, never a failed run. */
export interface Finding {
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface BenchResult {
  readonly tables: readonly Table[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Rows that could not be measured, with the way to a remedy: these fail the run. */
  readonly missing: readonly string[];
  /** Raw numbers, for the JSON file. */
  readonly data: unknown;
}

export interface Bench<P extends Parameters = Parameters> {
  readonly name: string;
  readonly title: string;
  readonly parameters: P;
  run(parameters: Readonly<Record<keyof P, number>>): Promise<BenchResult>;
}

/** Keeps a bench's parameters typed by name. */
export const defineBench = <const P extends Parameters>(bench: Bench<P>): Bench<P> => bench;

/** A program a row needs is not on this machine. */
export class MissingPeerError extends Error {
  override readonly name = 'MissingPeerError';
  readonly code = 'ERR_BENCH_PEER';
  readonly hint: string;
  constructor(program: string, hint: string, options?: ErrorOptions) {
    super(`${program} is missing: ${hint}`, options);
    this.hint = hint;
  }
}
