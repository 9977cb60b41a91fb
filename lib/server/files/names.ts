/**
 * The names of directories and file that a path stands for, decoded; `undefined` when it can stand for none. Pure.
 *
 * The path was looked at before it came here; this does not rely on it, since whoever is lenient with paths is not
 * lenient with files.
 *
 * @param path - what of the path of a URL is left for the file, as it stands there, with or without a slash at the end.
 */
export const namesIn = (path: string, dotfiles: 'ignore' | 'allow'): readonly string[] | undefined => {
  const parts = path.split('/');
  if (parts.at(-1) === '') parts.pop();
  const names: string[] = [];
  for (const part of parts) {
    const name = decoded(part);
    if (name === undefined || name === '' || name === '.' || name === '..' || /[\0/\\]/.test(name)) return undefined;
    if (dotfiles === 'ignore' && name.startsWith('.')) return undefined;
    names.push(name);
  }
  return names;
};

const decoded = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};
