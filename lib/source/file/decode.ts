import { isUtf8 } from 'node:buffer';
import { type Fault, SMALLEST_CONFIG } from '../fault.ts';

export type Decoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: Fault };

/**
 * Turns the bytes of a source file into text: UTF-8, with or without a byte order mark.
 *
 * Text in another encoding and binary data are recognised, so that nobody has to guess from a syntax error.
 */
export const decode = (bytes: Buffer): Decoded => {
  const encoding = MARKS.find(({ mark }) => bytes.subarray(0, mark.length).equals(mark))?.encoding;
  if (encoding !== undefined) return refuse(`the file is ${encoding}`);
  // A zero byte is valid UTF-8, and never part of a configuration: UTF-16 without a mark, or not text at all.
  if (bytes.includes(0)) return refuse('the file is binary, or UTF-16');
  if (!isUtf8(bytes)) return refuse('the file is not valid UTF-8');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  return text.trim() === '' ? { ok: false, fault: EMPTY } : { ok: true, text };
};

// UTF-32 first: its little-endian mark starts with the one of UTF-16.
const MARKS = [
  { encoding: 'UTF-32', mark: Buffer.from([0xff, 0xfe, 0, 0]) },
  { encoding: 'UTF-32', mark: Buffer.from([0, 0, 0xfe, 0xff]) },
  { encoding: 'UTF-16', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'UTF-16', mark: Buffer.from([0xfe, 0xff]) },
] as const;

const refuse = (message: string): Decoded => ({
  ok: false,
  fault: { code: 'ERR_SOURCE_ENCODING', message, hint: 'save it as UTF-8' },
});

const EMPTY = {
  code: 'ERR_SOURCE_EMPTY',
  message: 'the file is empty',
  hint: SMALLEST_CONFIG,
} as const satisfies Fault;
