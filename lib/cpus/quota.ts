/** CPUs' worth of time a group may use, from `cpu.max` of cgroup v2; `undefined` for no limit. */
export const quotaOfCpuMax = (text: string): number | undefined => {
  const [quota = '', period = '100000'] = text.trim().split(/\s+/);
  return share(quota, period);
};

/** The same from `cpu.cfs_quota_us` and `cpu.cfs_period_us` of cgroup v1, where −1 is no limit. */
export const quotaOfCfs = (quotaUs: string, periodUs: string): number | undefined =>
  share(quotaUs.trim(), periodUs.trim());

/** `max`, −1 and everything that is no number of microseconds limit nothing. */
const share = (quota: string, period: string): number | undefined => {
  if (!/^\d{1,15}$/.test(quota) || !/^\d{1,15}$/.test(period)) return undefined;
  const cpus = Number(quota) / Number(period);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined;
};
