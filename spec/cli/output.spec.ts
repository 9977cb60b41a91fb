import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { type Output, type Sink, safeOutput } from '../../lib/cli/output.ts';

/** A stream whose reader reads, does not read, or has left. */
class FakeSink extends EventEmitter implements Sink {
  readonly written: string[] = [];
  writableLength = 0;
  /** What every write fails with, until it is taken away. */
  failure: string | undefined;

  write(text: string, done?: (error?: Error) => void): boolean {
    const error = this.failure === undefined ? undefined : Object.assign(new Error(), { code: this.failure });
    if (error === undefined) this.written.push(text);
    else this.emit('error', error);
    done?.(error);
    return true;
  }
}

const open = (): { readonly sink: FakeSink; readonly output: Output } => {
  const sink = new FakeSink();
  return { sink, output: safeOutput(sink) };
};

const gap = (dropped: number): string => `${dropped} dropped`;

test('what is written arrives', () => {
  const { sink, output } = open();
  output.write('a', gap);
  output.write('b', gap);
  expect(sink.written).toEqual(['a', 'b']);
});

test('a reader that left is written to no more, and whoever asks is told', () => {
  const { sink, output } = open();
  const told: string[] = [];
  output.gone$.subscribe(() => told.push('gone'));
  sink.failure = 'EPIPE';
  output.write('a', gap);
  sink.failure = undefined;
  output.write('b', gap);
  expect(sink.written).toEqual([]);
  output.gone$.subscribe(() => told.push('gone before'));
  expect(told).toEqual(['gone', 'gone before']);
});

test('a disk that was full is tried again, and the gap is told', () => {
  const { sink, output } = open();
  sink.failure = 'ENOSPC';
  output.write('a', gap);
  output.write('b', gap);
  sink.failure = undefined;
  output.write('c', gap);
  output.write('d', gap);
  expect(sink.written).toEqual(['2 dropped', 'c', 'd']);
});

test('for a reader that does not read nothing piles up beyond 1 MiB, and the gap is told when it reads again', () => {
  const { sink, output } = open();
  sink.writableLength = 1_048_577;
  output.write('a', gap);
  output.write('b', gap);
  sink.writableLength = 0;
  output.write('c', gap);
  expect(sink.written).toEqual(['2 dropped', 'c']);
});

test('flushing waits for what was written, and for nobody who has left', async () => {
  const { sink, output } = open();
  await output.flush();
  sink.failure = 'EPIPE';
  output.write('a');
  await output.flush();
  expect(sink.written).toEqual(['']);
});
