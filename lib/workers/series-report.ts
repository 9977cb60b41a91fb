import { readFamilies, type SeriesFamily } from '../metrics/series.ts';

/** What one registry of a worker has, as the worker reports it. */
export interface SeriesReport {
  readonly type: 'metrics';
  /** Which registry of that process. */
  readonly source: string;
  readonly families: readonly SeriesFamily[];
}

/** Those among what a worker exposes that are metrics; somebody may expose something else. */
export const readSeriesReports = (series: readonly unknown[]): readonly SeriesReport[] =>
  series.flatMap((exposed): readonly SeriesReport[] => {
    if (typeof exposed !== 'object' || exposed === null) return [];
    if (!('type' in exposed && 'source' in exposed && 'families' in exposed)) return [];
    const families = readFamilies(exposed.families);
    const { type, source } = exposed;
    return type === 'metrics' && typeof source === 'string' && families !== undefined
      ? [{ type, source, families }]
      : [];
  });
