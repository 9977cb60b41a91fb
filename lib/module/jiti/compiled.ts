import { SourceMap } from 'node:module';
import { type ModulePosition, ModuleSyntaxError } from '../errors.ts';

const ERROR_MARK = 'exports.__JITI_ERROR__ = ';

/** What jiti's compiler says inside the code it returns when it has none: it never throws. */
export const syntaxErrorIn = (code: string): ModuleSyntaxError | undefined => {
  if (!code.startsWith(ERROR_MARK)) return undefined;
  const { filename, line, column, message } = JSON.parse(code.slice(ERROR_MARK.length));
  const text = String(message).trim();
  return new ModuleSyntaxError(text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, ''), {
    file: String(filename),
    line: Number(line),
    column: Number(column) + 1,
  });
};

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)\s*$/;
const FRAME = /(?:\(|at |^)(?:async )?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/;

/**
 * Finds where in the imported files an error was made: its own position when it is one of the compiler, otherwise the
 * innermost frame of its stack that belongs to them.
 *
 * Lines are exact, because compiled code keeps them. Columns come from the source map and are left out on the first
 * line, where compiled code is preceded by what it is wrapped in.
 *
 * @param compiled - the code that ran, by full path.
 */
export const thrownAt = (cause: unknown, compiled: ReadonlyMap<string, string>): ModulePosition | undefined => {
  if (cause instanceof ModuleSyntaxError) return cause.position;
  const stack: unknown = isStacked(cause) ? cause.stack : undefined;
  if (typeof stack !== 'string') return undefined;
  for (const text of stack.split('\n')) {
    const frame = FRAME.exec(text.trim());
    const file = frame?.[1]?.replace('file://', '') ?? '';
    const code = compiled.get(file);
    if (code === undefined) continue;
    const line = Number(frame?.[2]);
    if (line === 1) return { file, line };
    const map = INLINE_MAP.exec(code)?.[1];
    if (map === undefined) return { file, line };
    const entry = new SourceMap(JSON.parse(Buffer.from(map, 'base64').toString())).findEntry(
      line - 1,
      Number(frame?.[3]) - 1,
    );
    const exact = 'originalLine' in entry && entry.originalLine === line - 1;
    return exact ? { file, line, column: entry.originalColumn + 1 } : { file, line };
  }
  return undefined;
};

const isStacked = (value: unknown): value is { readonly stack?: unknown } =>
  typeof value === 'object' && value !== null;
