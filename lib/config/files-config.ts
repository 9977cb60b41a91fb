/** Files of a directory, as data. */
export interface FilesConfig {
  /** The directory, relative to the one that relative paths start from. What is not inside it is never read. */
  readonly root: string;
  /** The file that stands for a directory; `'index.html'` by default, `false` for none. */
  readonly index?: string | false;
  /**
   * Whether paths with a segment that begins with a dot are answered; `'ignore'` by default: as if there were no such
   * file.
   */
  readonly dotfiles?: 'ignore' | 'allow';
  /**
   * Whether `app.js.br`, `app.js.zst` and `app.js.gz` are sent in the place of `app.js` to those who accept them; `true`
   * by default. Only types that compress are looked for.
   */
  readonly precompressed?: boolean;
  /** The `Cache-Control` of files and of answers that say they are unchanged; none by default. */
  readonly cacheControl?: string;
  /**
   * A file inside the root, relative to it, that is sent to browsers in the place of a page that does not exist, for
   * apps that route in the browser; none by default.
   */
  readonly fallback?: string;
  /** What happens to a path with no file: `'respond'` answers 404, the default; `'next'` goes on to the next route. */
  readonly missing?: 'respond' | 'next';
}

/** Files with nothing left out that has a default. */
export type FilesSettings = FilesConfig & Required<Omit<FilesConfig, 'cacheControl' | 'fallback'>>;

/** How files are served when a config does not say. */
export const filesDefaults = Object.freeze({
  index: 'index.html',
  dotfiles: 'ignore',
  precompressed: true,
  missing: 'respond',
} as const);

type Given = { readonly [Key in keyof FilesConfig]: FilesConfig[Key] | undefined } & { readonly root: string };

/** Fills in what was left out. */
export const filesSettingsOf = (given: string | Given): FilesSettings => {
  if (typeof given === 'string') return { ...filesDefaults, root: given };
  const { root, cacheControl, fallback } = given;
  return {
    root,
    index: given.index ?? filesDefaults.index,
    dotfiles: given.dotfiles ?? filesDefaults.dotfiles,
    precompressed: given.precompressed ?? filesDefaults.precompressed,
    missing: given.missing ?? filesDefaults.missing,
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(fallback === undefined ? {} : { fallback }),
  };
};
