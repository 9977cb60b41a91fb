/**
 * One name for each, in order: its own, or `runnable-N` counted from 1. A name that is taken gets `-2`, `-3` … until
 * it is free.
 */
export const uniqueNames = (items: readonly { readonly name?: string }[]): readonly string[] => {
  const taken = new Set<string>();
  return items.map((item, index) => {
    const wanted = item.name || `runnable-${index + 1}`;
    let name = wanted;
    for (let nth = 2; taken.has(name); nth += 1) name = `${wanted}-${nth}`;
    taken.add(name);
    return name;
  });
};
