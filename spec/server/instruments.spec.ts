import { describe, expect, test } from 'vitest';
import type { EndedRequest, Instrument } from '../../lib/server/instrument.ts';
import { Instruments, runWithin } from '../../lib/server/instruments.ts';
import { createLog } from './serving.ts';

const request: EndedRequest = {
  server: 'api',
  method: 'GET',
  path: '/',
  route: undefined,
  protocol: '1.1',
  encrypted: false,
  headers: {},
  status: 200,
  complete: true,
  durationMs: 1,
  requestBytes: 0,
  responseBytes: 0,
};

const noting = (notes: string[], name: string): Instrument => ({
  begin: () => {
    notes.push(`${name} begins`);
    return {
      run: (handle) => {
        notes.push(`${name} in`);
        handle();
        notes.push(`${name} out`);
      },
      end: ({ status }) => void notes.push(`${name} ends ${status}`),
    };
  },
});

test('there is nobody to tell while none is attached', () => {
  const instruments = new Instruments(createLog());
  expect(instruments.current).toBeUndefined();
  const first = instruments.attach({ begin: () => undefined });
  const second = instruments.attach({ begin: () => undefined });
  expect(instruments.current).toBe(instruments);
  first.unsubscribe();
  first.unsubscribe();
  expect(instruments.current).toBe(instruments);
  second.unsubscribe();
  expect(instruments.current).toBeUndefined();
});

test('several are told in the order in which they came, the first outermost', () => {
  const notes: string[] = [];
  const instruments = new Instruments(createLog());
  for (const name of ['a', 'b', 'c']) instruments.attach(noting(notes, name));
  const watcher = instruments.begin(request);
  if (watcher === undefined) throw new Error('nobody watches');
  runWithin(watcher, () => void notes.push('handled'), instruments.failed);
  watcher.end(request);
  expect(notes.join(', ')).toBe(
    'a begins, b begins, c begins, a in, b in, c in, handled, c out, b out, a out, a ends 200, b ends 200, c ends 200',
  );
});

test('the same instrument may be attached twice, and is told twice', () => {
  const notes: string[] = [];
  const instruments = new Instruments(createLog());
  const instrument = noting(notes, 'a');
  const once = instruments.attach(instrument);
  instruments.attach(instrument);
  instruments.begin(request)?.end(request);
  once.unsubscribe();
  instruments.begin(request)?.end(request);
  expect(notes).toEqual(['a begins', 'a begins', 'a ends 200', 'a ends 200', 'a begins', 'a ends 200']);
});

test('what nobody wants to follow is followed by nobody', () => {
  const instruments = new Instruments(createLog());
  instruments.attach({ begin: () => undefined });
  instruments.attach({});
  expect(instruments.begin(request)).toBeUndefined();
});

describe('an instrument that throws', () => {
  const failing = new Error('no');
  const thrower = (): never => {
    throw failing;
  };

  test('keeps nobody else from being told, and is logged once', () => {
    const notes: string[] = [];
    const log = createLog();
    const instruments = new Instruments(log);
    instruments.attach({ begin: thrower });
    instruments.attach({ begin: () => ({ run: thrower, end: thrower }) });
    instruments.attach(noting(notes, 'a'));
    for (let n = 0; n < 3; n += 1) {
      const watcher = instruments.begin(request);
      if (watcher === undefined) throw new Error('nobody watches');
      runWithin(
        watcher,
        () => void notes.push('handled'),
        (error) => instruments.failed(error),
      );
      watcher.end(request);
    }
    const each = ['a begins', 'a in', 'handled', 'a out', 'a ends 200'];
    expect(notes).toEqual([...each, ...each, ...each]);
    expect(log.lines).toEqual([
      { level: 'error', message: 'an instrument failed; further failures are not logged', details: failing },
    ]);
  });

  test('costs no request its handler, which is called once whatever it does', () => {
    const failures: unknown[] = [];
    const cases: readonly ((handle: () => void) => void)[] = [
      () => undefined,
      thrower,
      (handle) => {
        handle();
        handle();
      },
      (handle) => {
        handle();
        thrower();
      },
    ];
    for (const run of cases) {
      let handled = 0;
      runWithin(
        { run, end: () => undefined },
        () => {
          handled += 1;
        },
        (error) => failures.push(error),
      );
      expect(handled).toBe(1);
    }
    expect(failures).toEqual([failing, failing]);
  });
});

test('nobody is told of requests while none of those who are attached wants to know', () => {
  const instruments = new Instruments(createLog());
  const deaf = instruments.attach({});
  expect(instruments.current).toBeUndefined();
  const listening = instruments.attach({ refused: () => {} });
  expect(instruments.current).toBe(instruments);
  listening.unsubscribe();
  expect(instruments.current).toBeUndefined();
  deaf.unsubscribe();
});
