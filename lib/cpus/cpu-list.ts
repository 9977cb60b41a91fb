/** More CPUs than any kernel can be built for (Linux: 8192): what is beyond it is no list of CPUs. */
const MOST = 65_536;

/**
 * The CPUs a list of the kernel names, in ascending order, each once: `'0-3,6-7\n'` is 0, 1, 2, 3, 6 and 7.
 *
 * What is no number or range in it is passed over; a text that is no list at all is one without CPUs.
 *
 * @see cpuset(7), "List format".
 */
export const parseCpuList = (text: string): readonly number[] => {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let cpu = Number(first); cpu <= Number(last) && cpu < MOST; cpu += 1) found.add(cpu);
  }
  return [...found].sort((a, b) => a - b);
};

/** The CPUs a process may run on, from its `/proc/self/status`; `undefined` when it does not say. */
export const allowedCpus = (status: string): readonly number[] | undefined => {
  const list = /^Cpus_allowed_list:(.*)$/m.exec(status)?.[1];
  return list === undefined ? undefined : parseCpuList(list);
};
