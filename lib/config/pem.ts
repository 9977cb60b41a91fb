/** Begins every piece of a PEM text (RFC 7468). */
const BEGIN = '-----BEGIN ';

/** Whether a text holds PEM rather than the path of a file that does. */
export const isPem = (text: string): boolean => text.includes(BEGIN);

/** Whether a PEM text holds a piece of a kind, such as `CERTIFICATE`, or one that ends in it (`RSA PRIVATE KEY`). */
export const holdsPem = (text: string, kind: string): boolean =>
  text
    .split(BEGIN)
    .slice(1)
    .some((piece) => (piece.split('-----', 1)[0] ?? '').endsWith(kind));

/** What to do about a PEM text whose line breaks were escaped on its way, as they are in environments and in JSON twice. */
export const ESCAPED_BREAKS_HINT =
  "its line breaks are written as \\n, two characters each: make them line breaks, with text.replaceAll('\\\\n', '\\n')";

/** Whether the line breaks of a PEM text are a backslash and a letter each; in PEM itself there are no backslashes. */
export const hasEscapedBreaks = (text: string): boolean => /-----BEGIN [A-Z\d ]+-----(?:\\r)?\\n/.test(text);
