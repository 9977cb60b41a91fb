import { parseCpuList } from './cpu-list.ts';

/** What the kernel says of one CPU, the files of its `topology` directory as they are; each may be missing. */
export interface TopologyFiles {
  /** CPUs of the same core, since Linux 5.2. */
  readonly coreCpusList?: string | undefined;
  /** The same under its older name. */
  readonly threadSiblingsList?: string | undefined;
  readonly packageId?: string | undefined;
  readonly dieId?: string | undefined;
  readonly coreId?: string | undefined;
}

/**
 * The core a CPU belongs to: the same text for CPUs that share one, and for no others. `undefined` when the files do not
 * say.
 *
 * A core id counts within its die, and a die within its package: on its own it would put cores of two sockets together.
 */
export const coreOf = ({
  coreCpusList,
  threadSiblingsList,
  packageId,
  dieId,
  coreId,
}: TopologyFiles): string | undefined =>
  siblings(coreCpusList) ?? siblings(threadSiblingsList) ?? place(packageId, dieId, coreId);

const siblings = (list: string | undefined): string | undefined => {
  const cpus = parseCpuList(list ?? '');
  return cpus.length === 0 ? undefined : `cpus ${cpus.join(',')}`;
};

const place = (
  packageId: string | undefined,
  dieId: string | undefined,
  coreId: string | undefined,
): string | undefined => {
  const core = number(coreId);
  // Kernels that do not know the core of a CPU say −1 for every one of them.
  return core === undefined ? undefined : `core ${number(packageId) ?? 0}/${number(dieId) ?? 0}/${core}`;
};

const number = (text: string | undefined): number | undefined =>
  /^\s*\d{1,9}\s*$/.test(text ?? '') ? Number(text) : undefined;

/**
 * The core of every CPU that `/proc/cpuinfo` tells one of: x86 does, most kernels for ARM do not. As text, the way
 * `coreOf` has it.
 */
export const coresInCpuinfo = (cpuinfo: string): ReadonlyMap<number, string> => {
  const cores = new Map<number, string>();
  for (const block of cpuinfo.split(/\n\s*\n/)) {
    const cpu = number(field(block, 'processor'));
    const packageId = field(block, 'physical id');
    if (cpu === undefined || number(packageId) === undefined) continue;
    const core = place(packageId, undefined, field(block, 'core id'));
    if (core !== undefined) cores.set(cpu, core);
  }
  return cores;
};

const field = (block: string, name: string): string | undefined =>
  new RegExp(`^${name}[ \\t]*:(.*)$`, 'm').exec(block)?.[1];
