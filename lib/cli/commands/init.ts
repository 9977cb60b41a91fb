import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { type Console, printLines, printResult } from '../console.ts';
import { DEFAULT_EXTENSIONS } from '../default-file.ts';
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts';
import { firstConfig } from '../first-config.ts';
import type { Line } from '../paint.ts';
import { printable, shellWord } from '../text.ts';

export interface InitOptions {
  readonly file: string | undefined;
  readonly json: boolean;
}

/** Writes a first configuration file, and says what to do next. */
export const init = async ({ file = 'sluice.config.json', json }: InitOptions, console: Console): Promise<ExitCode> => {
  const text = firstConfig(extname(file));
  if (text === undefined) {
    const hint = `name one that ends in ${DEFAULT_EXTENSIONS.map((extension) => `.${extension}`).join(', ')}`;
    throw failure(EXIT.usage, 'ERR_USAGE', `what ${file} is cannot be told from its name`, hint);
  }
  write(file, text);
  const word = shellWord(file);
  const next = [...installHints(dirname(resolve(file))), `npx sluice check ${word}`, `npx sluice run ${word}`];
  if (json) printResult(console.stdout, { type: 'init', file, next });
  else {
    printLines(console.stdout, console.paint, [
      [{ text: printable(file) }, { text: ' was written', style: 'good' }, { text: '; next:' }],
      ...next.map((command): Line => [{ text: `  ${printable(command)}`, style: 'strong' }]),
    ]);
  }
  return EXIT.done;
};

const write = (file: string, text: string): void => {
  try {
    // `x`: between a look and a write somebody else could have made it.
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    if (cause.code === 'EEXIST') {
      const hint = 'nothing was changed; name another file, or remove this one first';
      throw failure(EXIT.refused, 'ERR_FILE_EXISTS', `${file} is there already`, hint);
    }
    const hint = 'check that its directory exists and may be written to';
    throw failure(EXIT.error, 'ERR_FILE_WRITE', `${file} cannot be written: ${String(cause.code)}`, hint);
  }
};

const failure = (exitCode: ExitCode, code: string, message: string, hint: string): CommandError =>
  new CommandError(exitCode, [{ code, message, hint }]);

/** What a project lacks for the file to be of use: the package itself, which code imports and editors look into. */
const installHints = (directory: string): readonly string[] => {
  if (existsSync(join(directory, 'node_modules', 'sluice', 'package.json'))) return [];
  const hasManifest = existsSync(join(directory, 'package.json'));
  if (hasManifest && dependsOnSluice(join(directory, 'package.json'))) return ['npm install'];
  return [...(hasManifest ? [] : ['npm init --yes']), INSTALL];
};

/** Words behind a `#` are for people; a shell takes them for nothing. */
const INSTALL = 'npm install ./sluice-*.tgz  # copied here from a clone of Sluice, where npm ci && npm pack makes it';

const dependsOnSluice = (manifest: string): boolean => {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    return 'sluice' in { ...dependencies, ...devDependencies };
  } catch {
    return false; // npm will say what is wrong with it.
  }
};
