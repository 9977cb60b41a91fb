import { errorView } from './error-view.ts';

/** A value as JSON on exactly one line: control characters are escaped, and what some readers take for line breaks. */
export const jsonLine = (value: unknown, ofError: (error: Error) => object = plainError): string => {
  const text = JSON.stringify(value, (_, member: unknown) => (member instanceof Error ? ofError(member) : member));
  // Functions and symbols have no JSON at all.
  return (text ?? 'null').replace(/[\u007f-\u009f\u2028\u2029\p{Cf}]/gu, escapeUnits);
};

const escapeUnits = (char: string): string =>
  Array.from({ length: char.length }, (_, unit) => `\\u${char.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(
    '',
  );

const plainError = (error: Error): object => {
  const { code, message, hint } = errorView(error);
  return { code, message, hint };
};

/** A value as the answer to a request; never stored. */
export const jsonAnswer = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(jsonLine(value), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  });
