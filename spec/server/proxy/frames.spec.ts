import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Frames } from '../../../lib/server/proxy/frames.ts';

/** A frame of a given payload, with the shortest length that says it. */
const frameOf = (opcode: number, payload: number, masked: boolean): Buffer => {
  const mask = masked ? 0x80 : 0;
  const extended = payload > 65_535 ? 8 : payload > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended + (masked ? 4 : 0));
  head[0] = 0x80 | opcode;
  head[1] = mask | (extended === 8 ? 127 : extended === 2 ? 126 : payload);
  if (extended === 2) head.writeUInt16BE(payload, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(payload), 2);
  return Buffer.concat([head, Buffer.alloc(payload, 0x88)]);
};

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    payload: fc.oneof(fc.nat(130), fc.constantFrom(125, 126, 65_535, 65_536)),
    masked: fc.boolean(),
  }),
  { maxLength: 5 },
);

test('ends of frames are found, however they are cut into pieces', () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 40 }),
      (list, sizes) => {
        const bytes = Buffer.concat(list.map(({ opcode, payload, masked }) => frameOf(opcode, payload, masked)));
        const ends = new Set<number>();
        for (let at = 0, index = 0; index < list.length; index += 1) {
          const { opcode, payload, masked } = list[index] ?? { opcode: 0, payload: 0, masked: false };
          at += frameOf(opcode, payload, masked).byteLength;
          ends.add(at);
        }
        const follower = new Frames();
        for (let at = 0, piece = 0; at < bytes.byteLength; piece += 1) {
          const chunk = bytes.subarray(at, at + (sizes[piece % sizes.length] ?? 1));
          const first = [...ends].filter((end) => end > at && end <= at + chunk.byteLength).sort((a, b) => a - b)[0];
          expect(follower.push(chunk)).toBe(first === undefined ? undefined : first - at);
          at += chunk.byteLength;
          expect(follower.isBetween).toBe(ends.has(at));
        }
        expect(follower.hasClosed).toBe(false);
      },
    ),
  );
});

test('a close frame is noticed', () => {
  const follower = new Frames();
  follower.push(Buffer.concat([frameOf(1, 200, false), frameOf(8, 2, false)]));
  expect(follower.hasClosed).toBe(true);
});
