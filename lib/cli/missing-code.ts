import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { issueOf } from '../config/issues.ts';
import { parseModuleReference } from '../config/module-reference.ts';
import { received } from '../config/received.ts';
import { type Reference, referencesIn } from '../config/references.ts';
import { wording } from '../config/wording.ts';
import type { WorkersSettings } from '../config/workers-config.ts';
import { problemOfIssue } from '../source/problem.ts';
import type { LoadedEvent, Problem } from '../source/source.ts';

/**
 * What stands for code in servers of workers, and leads nowhere: a path to no file, a name without a module of code that
 * could have it. Nothing is imported.
 *
 * @param baseDir - the directory that paths start from.
 */
export const missingCode = async (
  { file, servers }: Pick<LoadedEvent, 'file' | 'servers'>,
  { code }: WorkersSettings,
  baseDir: string,
): Promise<readonly Problem[]> => {
  const isFile = (path: string): Promise<boolean> =>
    stat(resolve(baseDir, path)).then(
      (stats) => stats.isFile(),
      () => false,
    );
  const noFile = (path: string): string =>
    wording('the path of a module', `there is no file ${path}`, `it was looked for at ${resolve(baseDir, path)}`);

  const wrongWith = async ({ kind, text }: Reference): Promise<string | undefined> => {
    if (!/^\.{0,2}\//.test(text)) {
      // Which names a module of code has can be told only by importing it.
      if (code !== undefined) return undefined;
      const like = `for a module write './${text}'; for a name, workers.code is the module that has it`;
      return wording(`the path of a module`, `nothing gives code to the ${kind} ${JSON.stringify(text)}`, like);
    }
    const module = parseModuleReference(text);
    if (module === undefined) return wording('the path of a module', 'names no module', "write './app.ts#name'");
    return (await isFile(module.path)) ? undefined : noFile(module.path);
  };

  const found = Object.entries(servers).flatMap(([id, server]) =>
    referencesIn(server).map(async (reference) => {
      const text = await wrongWith(reference);
      return text === undefined ? [] : [issueOf(id, reference.path.join('.'), received(reference.text), text)];
    }),
  );
  const issues = (await Promise.all(found)).flat();
  const ofCode =
    code === undefined || code.startsWith('file:') || (await isFile(code))
      ? []
      : [issueOf(undefined, 'workers.code', received(code), noFile(code))];
  return [...ofCode, ...issues].map((issue) => problemOfIssue(file, issue, undefined));
};
