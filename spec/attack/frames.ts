/**
 * HTTP/2 frames as bytes (RFC 9113 §4.1, §6), for clients that say what no library lets them say.
 *
 * Headers are packed by the plainest of HPACK's ways (RFC 7541 §6.2.2): literal, without index, without Huffman code.
 */

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const NOTHING = Buffer.alloc(0);

export const frame = (type: number, flags: number, stream: number, payload: Uint8Array = NOTHING): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A number with a prefix of so many bits (RFC 7541 §5.1). */
const integer = (value: number, bits: number, flags: number): number[] => {
  const most = 2 ** bits - 1;
  if (value < most) return [flags | value];
  const bytes = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
};

const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from(integer(value.length, 7, 0)), Buffer.from(value, 'latin1')]);

export type Lines = readonly (readonly [name: string, value: string])[];

/** Header lines, packed; `indexed` has the reader remember them, the newest as number 62 (RFC 7541 §6.2.1). */
export const headerBlock = (lines: Lines, indexed = false): Buffer =>
  Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([indexed ? 0x40 : 0]), text(name), text(value)]));

/** A line that the reader remembers, by its number (RFC 7541 §6.1). */
export const remembered = (index: number): Buffer => Buffer.from(integer(index, 7, 0x80));

export const requestLines = (path = '/', method = 'GET'): Lines => [
  [':method', method],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'localhost'],
];

export const headers = (
  stream: number,
  block: Uint8Array = headerBlock(requestLines()),
  flags: number = FLAG.END_HEADERS | FLAG.END_STREAM,
): Buffer => frame(FRAME.HEADERS, flags, stream, block);

export const continuation = (stream: number, block: Uint8Array, last: boolean): Buffer =>
  frame(FRAME.CONTINUATION, last ? FLAG.END_HEADERS : 0, stream, block);

export const data = (stream: number, bytes: Uint8Array, last = false): Buffer =>
  frame(FRAME.DATA, last ? FLAG.END_STREAM : 0, stream, bytes);

export const reset = (stream: number, code: number): Buffer => frame(FRAME.RST_STREAM, 0, stream, uint32(code));

export const settings = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer => {
  const payload = pairs.flatMap(([id, value]) => [Buffer.from([id >> 8, id & 0xff]), uint32(value)]);
  return frame(FRAME.SETTINGS, 0, 0, Buffer.concat(payload));
};

export const settingsAck = (): Buffer => frame(FRAME.SETTINGS, FLAG.ACK, 0);

export const ping = (): Buffer => frame(FRAME.PING, 0, 0, Buffer.alloc(8));

export const priority = (stream: number, on: number): Buffer =>
  frame(FRAME.PRIORITY, 0, stream, Buffer.concat([uint32(on), Buffer.from([16])]));

export const windowUpdate = (stream: number, bytes: number): Buffer =>
  frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(bytes));

/** What a client says first. */
export const opening = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  Buffer.concat([PREFACE, settings(...pairs)]);

/** A frame as it was received. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Cuts bytes into the frames that are whole, and what is left. */
export const framesOf = (bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } => {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= 9) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
};
