import { oneLine, reasonOf } from '../config/received.ts';
import { ModuleSyntaxError } from './errors.ts';

/** Why an import failed, in a sentence, and what to do about it. */
export interface ImportReason {
  readonly message: string;
  readonly hint: string;
}

/** Says in one line why an import failed. Pure. */
export const importReason = (cause: unknown): ImportReason => {
  if (cause instanceof ModuleSyntaxError) return { message: cause.message, hint: 'correct it there' };
  return missingImport(cause) ?? { message: `the module threw: ${reasonOf(cause)}`, hint: 'correct it there' };
};

/** Loaders add to their sentence everything that led to the import, line by line; what is missing is enough. */
const missingImport = (cause: unknown): ImportReason | undefined => {
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (!(cause instanceof Error) || (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND')) return undefined;
  const name = /^Cannot find (?:module|package) '(.+?)'/.exec(cause.message)?.[1];
  if (name === undefined) return undefined;
  const isPath = /^[./]/.test(name);
  return {
    message: isPath ? `there is no ${oneLine(name)} to import` : `the package ${oneLine(name)} is not installed`,
    hint: isPath ? 'check the path, and the extension' : 'install it, or start its name with ./ if it is a file',
  };
};
