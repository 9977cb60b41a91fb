/** The text of an example: the program, and the lines it promises to print. */
export interface ProgramText {
  readonly code: string;
  /** The comments below a `// prints:` that ends the file; `undefined` without one. */
  readonly prints: readonly string[] | undefined;
}

/** Takes a program apart from its promise. */
export const readProgramText = (text: string): ProgramText => {
  const found = /(?:^|\n)\/\/ prints:\n((?:\/\/[^\n]*\n?)+)\s*$/.exec(text);
  if (found === null) return { code: text, prints: undefined };
  const lines = (found[1] ?? '').trimEnd().split('\n');
  return { code: text.slice(0, found.index), prints: lines.map((line) => line.replace(/^\/\/ ?/, '')) };
};
