import { formatOf } from '../format.ts';

/** How an answer is read; code is never taken from the network. */
export type DataFormat = 'json' | 'yaml';

/** Types that say nothing about what is inside: servers of plain files use them for whatever they do not know. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream']);

/** The format of an answer by its content type, or by the end of the path where that says nothing. Pure. */
export const contentFormatOf = (contentType: string | undefined, url: URL): DataFormat | undefined => {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^(?:application|text)\/json$|\+json$/.test(type)) return 'json';
  if (/^(?:application|text)\/(?:x-)?yaml$|\+yaml$/.test(type)) return 'yaml';
  if (!SAYS_NOTHING.has(type)) return undefined;
  const format = formatOf(url.pathname);
  return format === 'module' ? undefined : format;
};
