import { relative } from 'node:path';
import { catchError, defer, from, map, type Observable, of, switchMap, tap, timeout } from 'rxjs';
import type { Environment } from '../../config/interpolate.ts';
import { parseJson } from '../../config/json-text.ts';
import { reasonOf } from '../../config/received.ts';
import { ModuleSyntaxError } from '../../module/errors.ts';
import { importModule } from '../../module/module.ts';
import { importReason } from '../../module/reason.ts';
import type { Fault } from '../fault.ts';
import { formatOf, UNKNOWN_FORMAT } from '../format.ts';
import { problemOf } from '../problem.ts';
import { failed, readConfig, readData } from '../read-config.ts';
import type { FailedEvent, SourceEvent } from '../source.ts';
import { parseYaml } from '../yaml/yaml.ts';
import { decode } from './decode.ts';
import { type Exported, openExport } from './exported.ts';
import type { FileRead } from './read.ts';

export interface LoadRequest {
  /** What people call the file. */
  readonly path: string;
  /** Its full path. */
  readonly file: string;
  readonly read: FileRead;
  readonly importTimeoutMs: number;
  /** What variables in data stand for; without it they are ordinary texts. */
  readonly env: Environment | undefined;
  /** It is for workers, even when it does not ask for them itself. */
  readonly inWorkers: boolean;
  /** Told, once an import is over, which files had a part in it. */
  readonly involve: (sources: ReadonlyMap<string, string | undefined>) => void;
}

/**
 * Turns one content of a file into events.
 *
 * Cold: data gives one event, a module gives one per configuration it exports, and imports it anew on each subscription.
 * Never errors; completes after the last event. Unsubscribing lets go of the stream that a module exported; an import
 * under way cannot be stopped, and what comes of it is ignored.
 */
export const load = (request: LoadRequest): Observable<SourceEvent> => {
  const { path, read } = request;
  if (!read.ok) return of(failed(path, problemOf(path, read.fault, '')));
  const decoded = decode(read.bytes);
  if (!decoded.ok) return of(failed(path, problemOf(path, decoded.fault, '')));
  const { text } = decoded;
  switch (formatOf(path)) {
    case 'json':
      return of(readData(path, text, parseJson(text), request));
    case 'yaml':
      return of(readData(path, text, parseYaml(text), request));
    case 'module':
      return loadModule(request, text);
    case undefined:
      return of(failed(path, problemOf(path, UNKNOWN_FORMAT, '')));
  }
};

const loadModule = (
  { path, file, importTimeoutMs, inWorkers, involve }: LoadRequest,
  text: string,
): Observable<SourceEvent> =>
  defer(() => {
    const module = importModule(file, text);
    const failedIn = (fault: Fault): FailedEvent => {
      const at = fault.cause === undefined ? undefined : module.thrownAt(fault.cause);
      const named = at === undefined || at.file === file ? path : relative(process.cwd(), at.file);
      return failed(path, { ...problemOf(named, fault, ''), ...at, file: named });
    };
    const opened = async (): Promise<Exported> => {
      try {
        return await openExport(await module.exports);
      } catch (cause) {
        return { ok: false, fault: importFault(cause) };
      }
    };
    const late$ = defer(() => of<Exported>({ ok: false, fault: tooSlow(importTimeoutMs) }));
    return from(opened()).pipe(
      timeout({ first: importTimeoutMs, with: () => late$ }),
      tap(() => involve(module.sources)),
      switchMap((exported) => {
        if (!exported.ok) return of(failedIn(exported.fault));
        return exported.values$.pipe(
          map((value) => readConfig(path, value, inWorkers)),
          catchError((cause: unknown) =>
            of(failedIn({ ...STREAM_FAILED, message: `the stream it exports failed: ${reasonOf(cause)}`, cause })),
          ),
        );
      }),
    );
  });

const importFault = (cause: unknown): Fault => ({
  code: cause instanceof ModuleSyntaxError ? 'ERR_SOURCE_SYNTAX' : 'ERR_SOURCE_IMPORT',
  ...importReason(cause),
  cause,
});

const STREAM_FAILED = {
  code: 'ERR_SOURCE_STREAM',
  hint: 'no more configurations come from it until the file is saved again',
} as const;

const tooSlow = (limitMs: number): Fault => ({
  code: 'ERR_SOURCE_TIMEOUT',
  message: `the module was not ready within ${limitMs} ms`,
  hint: 'look for an await at its top level, or in its default function, that never ends',
});
