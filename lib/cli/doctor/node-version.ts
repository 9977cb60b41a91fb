import { type Finding, fail, ok, warn } from './finding.ts';

type Version = readonly [major: number, minor: number, patch: number];

/** The oldest that this package runs on. */
const OLDEST: Version = [20, 19, 0];

/**
 * The first of each line without holes that a client can use from outside, and whether the line still gets fixes.
 *
 * 20.20.2 closes CVE-2026-21710, -21714 and -21717; the batch of June 2026 (llhttp, nghttp2, OpenSSL) came to 22.23.0,
 * 24.17.0 and 26.3.1 and no more to 20, whose support ended on 2026-04-30.
 */
const LINES: ReadonlyMap<number, { readonly safe: Version; readonly isSupported: boolean }> = new Map([
  [20, { safe: [20, 20, 2], isSupported: false }],
  [22, { safe: [22, 23, 0], isSupported: true }],
  [24, { safe: [24, 17, 0], isSupported: true }],
  [26, { safe: [26, 3, 1], isSupported: true }],
]);

const UPGRADE = 'install a newer Node: 22.23.0, 24.17.0, 26.3.1 or later';

/** Whether a version of Node is one to serve the internet with. Pure. */
export const judgeNode = (text: string): Finding => {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (found === null) return warn('node', `the version of Node cannot be read: ${text}`, UPGRADE);
  const version: Version = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (isBefore(version, OLDEST)) return fail('node', `Node ${text} is older than ${OLDEST.join('.')}`, UPGRADE);
  const line = LINES.get(version[0]);
  // A line that is newer than this list, or an odd one, which gets fixes for some months only.
  if (line === undefined) {
    return version[0] % 2 === 0
      ? ok('node', `Node ${text}`)
      : warn('node', `Node ${text} is of a short-lived line`, UPGRADE);
  }
  if (isBefore(version, line.safe)) {
    return warn('node', `Node ${text} has known holes that ${line.safe.join('.')} has not`, UPGRADE);
  }
  return line.isSupported
    ? ok('node', `Node ${text}`)
    : warn('node', `Node ${text} gets no security fixes any more`, UPGRADE);
};

const isBefore = (a: Version, b: Version): boolean => {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index !== -1 && (a[index] ?? 0) < (b[index] ?? 0);
};
