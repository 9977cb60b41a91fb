/**
 * A number from 0 up to 1 for a text, always the same one: where in an interval a server of that id is checked.
 *
 * Ids that differ in one character get phases far apart, so the checks of many servers that started together spread.
 *
 * @see Fowler, Noll, Vo: FNV-1a, 32 bits, with the last steps of MurmurHash3 to mix its high bits.
 */
export const phaseOf = (id: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};
