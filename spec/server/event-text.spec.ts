import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventFieldError } from '../../lib/server/errors.ts';
import { eventText, HEARTBEAT, type ServerSentEvent } from '../../lib/server/event-text.ts';
import { readEvents } from './event-reader.ts';

const line = fc
  .string({ unit: 'binary' })
  .filter((text) => !/[\r\n\0]/.test(text) && text !== '' && !text.startsWith(' '));

test('clients read what was written, whatever the text is made of', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ data: fc.string({ unit: 'binary' }), event: line, id: line })),
      fc.nat(),
      (events, retry) => {
        const text = `${events.map(eventText).join('')}${HEARTBEAT}${eventText({ retry })}`;
        const read = readEvents(text);
        // Clients know one kind of line break.
        const expected = events.map(({ data, ...more }) => ({ data: data.replace(/\r\n|\r/g, '\n'), ...more }));
        expect(read).toEqual({ events: expected, retry, comments: 1 });
      },
    ),
  );
});

test('data that is no text is written as JSON', () => {
  expect(eventText({ data: { a: [1, null] } })).toBe('data: {"a":[1,null]}\n\n');
  expect(eventText({ data: 0 })).toBe('data: 0\n\n');
});

describe('no field can hold another', () => {
  const injections = ['a\ndata: forged', 'a\rdata: forged', 'a\r\n\r\ndata: forged', 'a\n\n', '\0', 'a\u0000b'];
  test.each(injections)('%j is refused as a type and as an id', (value) => {
    expect(() => eventText({ event: value })).toThrow(EventFieldError);
    expect(() => eventText({ id: value })).toThrow(EventFieldError);
  });

  test('data holds it as data', () => {
    const { events, retry } = readEvents(
      eventText({ data: 'a\n\nevent: forged\r\rretry: 1\r\ndata: x', event: 'real' }),
    );
    expect(events).toEqual([{ data: 'a\n\nevent: forged\n\nretry: 1\ndata: x', event: 'real', id: '' }]);
    expect(retry).toBeUndefined();
  });

  test.each<ServerSentEvent>([
    { retry: -1 },
    { retry: 1.5 },
    { retry: Number.NaN },
    { data: () => {} },
    { data: Symbol('x') },
  ])('what cannot be written is refused: %j', (event) => {
    expect(() => eventText(event)).toThrow(EventFieldError);
  });

  test('whatever is refused or written, it is one event at most', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string(), (event, id, data) => {
        try {
          expect(readEvents(eventText({ event, id, data })).events.length).toBeLessThanOrEqual(1);
        } catch (error) {
          expect(error).toBeInstanceOf(EventFieldError);
        }
      }),
    );
  });
});
