/** A module and one of its exports. */
export interface ModuleReference {
  readonly path: string;
  readonly export: string;
}

/**
 * Takes `./users.ts#app` apart; without `#` it is the default export that is meant. Pure.
 *
 * @returns `undefined` when it names no file, or no name that an export can have.
 */
export const parseModuleReference = (text: string): ModuleReference | undefined => {
  const [path = '', name = 'default', ...more] = text.split('#');
  if (path === '' || path.length > 4_096 || /[\0\r\n]/.test(path) || more.length > 0) return undefined;
  // Nothing is ever fetched: a URL would be taken for a directory called `http:`.
  if (/^[a-z][a-z\d+.-]+:/i.test(path)) return undefined;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? { path, export: name } : undefined;
};

/** The same reference in its one spelling. */
export const formatModuleReference = (reference: ModuleReference): string => `${reference.path}#${reference.export}`;
