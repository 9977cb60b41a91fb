import { defaultIfEmpty, firstValueFrom, of, timeout } from 'rxjs';
import { parseCluster } from '../config/parse.ts';
import { withStandIns } from '../config/references.ts';
import type { ServerSpec } from '../config/server-spec.ts';
import { fileSource } from '../source/file-source.ts';
import type { FailedEvent, LoadedEvent, Problem, SourceEvent } from '../source/source.ts';

/** Milliseconds a module and the stream it exports have for the first configuration. */
const FIRST_MS = 15_000;

/**
 * The first configuration that a file gives, or what is wrong with it. Never rejects.
 *
 * @param inWorkers - its servers are to run in workers, whether or not it asks for them itself.
 */
export const readOnce = (file: string, timeoutMs = FIRST_MS, inWorkers = false): Promise<SourceEvent> =>
  firstValueFrom(
    fileSource(file, { watch: false, inWorkers }).pipe(
      timeout({ first: timeoutMs, with: () => of(silent(file, timeoutMs)) }),
      defaultIfEmpty(empty(file)),
    ),
  );

/**
 * The servers of a configuration that was read.
 *
 * @param inWorkers - names stand for code, whatever that is: it is loaded in another process.
 */
export const specsIn = (
  { servers, workers }: LoadedEvent,
  inWorkers = workers !== undefined,
): readonly ServerSpec[] => [...parseCluster(inWorkers ? withStandIns(servers) : servers).specs.values()];

const silent = (file: string, timeoutMs: number): FailedEvent =>
  failure({
    code: 'ERR_SOURCE_TIMEOUT',
    file,
    message: `the stream that the module exports gave no configuration within ${timeoutMs} ms`,
    hint: 'the file can be run; whether what it will say is valid cannot be told',
  });

const empty = (file: string): FailedEvent =>
  failure({
    code: 'ERR_SOURCE_SILENT',
    file,
    message: 'the stream that the module exports ended without a configuration',
    hint: 'let it emit one, or export a configuration',
  });

const failure = (problem: Problem): FailedEvent => ({ type: 'failed', file: problem.file, problems: [problem] });
