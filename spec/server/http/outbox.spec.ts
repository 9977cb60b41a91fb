import { describe, expect, test } from 'vitest';
import { Outbox, type OutgoingSocket } from '../../../lib/server/http/outbox.ts';

/** A socket that was handed `written` bytes, of which one write of `left` bytes is under way and `behind` wait for it. */
const socket = (written: number, left: number, behind: number, whole = left): OutgoingSocket => ({
  bytesWritten: written,
  writableLength: whole + behind,
  _handle: { writeQueueSize: left },
});

const looks = (sockets: readonly OutgoingSocket[]): readonly number[] => {
  const outbox = new Outbox();
  return sockets.map((each, index) => outbox.stalledMs(each, (index + 1) * 10));
};

describe('a socket is not stalled', () => {
  const moving: Readonly<Record<string, readonly OutgoingSocket[]>> = {
    'while nothing waits': [socket(0, 0, 0), socket(0, 0, 0), socket(0, 0, 0)],
    'while the kernel takes something of the write that is under way': [
      socket(100, 100, 0),
      socket(100, 90, 0, 100),
      socket(100, 89, 0, 100),
    ],
    'while writes come to their end': [socket(300, 100, 200), socket(300, 100, 100), socket(300, 100, 0)],
    'when it has just begun to wait': [socket(0, 0, 0), socket(100, 100, 0)],
  };
  test.each(Object.entries(moving))('%s', (_, sockets) => {
    expect(looks(sockets).every((ms) => ms === 0)).toBe(true);
  });
});

describe('a socket is stalled', () => {
  test('for as long as nothing is taken', () => {
    expect(looks([socket(100, 60, 40), socket(100, 60, 40), socket(100, 60, 40)])).toEqual([0, 10, 20]);
  });

  test('whatever is written on top of what waits', () => {
    expect(looks([socket(100, 60, 40), socket(200, 60, 140), socket(900, 60, 840)])).toEqual([0, 10, 20]);
  });

  test('until something is taken, and from then on anew', () => {
    const sockets = [socket(100, 60, 0), socket(100, 60, 0), socket(100, 50, 0, 60), socket(100, 50, 0, 60)];
    expect(looks(sockets)).toEqual([0, 10, 0, 10]);
  });

  test('even where the kernel does not say how far it is', () => {
    const unix: OutgoingSocket = { writableLength: 10 };
    expect(looks([unix, unix, unix])).toEqual([0, 10, 20]);
  });
});
