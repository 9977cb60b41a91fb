/** A place in a text file, as editors count: both from 1, the column in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a value of a data file stands: the offset of its key (of the value itself in lists), and of what is in it. */
export interface Place {
  readonly at: number;
  /** The members of an object by key, of a list by index. */
  readonly members?: ReadonlyMap<string, Place>;
}

/**
 * Finds what a dotted path such as `servers.web.routes.0.path` points at.
 *
 * Keys may contain dots themselves, so each step takes the longest key that fits. What does not exist (a missing
 * field) is answered with the nearest thing around it.
 *
 * @returns the offset into the text.
 */
export const locate = (root: Place, path: string): number => {
  let place = root;
  let rest = path;
  while (rest !== '' && place.members !== undefined) {
    const key = longestKey(place.members, rest);
    if (key === undefined) break;
    place = place.members.get(key) ?? place;
    rest = rest.slice(key.length + 1);
  }
  return place.at;
};

const longestKey = (members: ReadonlyMap<string, Place>, path: string): string | undefined => {
  // Most keys have no dots: the first segment is the answer unless a longer key matches too.
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const key = path.slice(0, end);
    if (members.has(key)) return key;
  }
  return undefined;
};

/** Turns an offset into the line and column an editor shows; lines end in LF, CRLF or CR. */
export const positionAt = (text: string, offset: number): Position => {
  const before = text.slice(0, offset);
  const lines = before.split(/\r\n|\n|\r/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
};
