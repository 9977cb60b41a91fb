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
