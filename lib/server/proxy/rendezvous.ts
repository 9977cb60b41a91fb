/** FNV-1a of 32 bits (Fowler, Noll, Vo), over UTF-16 code units. */
export const hashText = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};

/** MurmurHash3's last step (Austin Appleby): every bit of the input has a say in every bit of the output. */
const mix = (hash: number): number => {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

/** The golden ratio of 32 bits: tells the second half of the digits from the first. */
const OTHER_HALF = 0x9e3779b9;

/**
 * How much a key belongs to a place; it goes to the place with the highest score.
 *
 * Rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998) with weights by
 * logarithms (Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005): scores of places do not depend on
 * each other, so a place that leaves moves its own keys and no others, and one with twice the weight has twice the keys.
 *
 * Whoever changes this moves every key.
 *
 * @param key - `hashText` of the key.
 * @param place - `hashText` of the place.
 */
export const score = (key: number, place: number, weight: number): number => {
  const first = mix(key ^ mix(place));
  const second = mix(first ^ place ^ OTHER_HALF);
  // 53 bits, the most that a number holds, and never 0 or 1.
  const share = ((first >>> 6) * 0x8000000 + (second >>> 5) + 0.5) / 0x20000000000000;
  return -weight / Math.log(share);
};
