import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filter, firstValueFrom, ReplaySubject, take, timeout, toArray } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Source, SourceEvent } from '../../lib/source/source.ts';

/** A directory of this test alone, gone after it. */
export const temporaryDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-source-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** A source being read, until the test is over or stops it. */
export interface Reading {
  readonly events: readonly SourceEvent[];
  readonly isComplete: () => boolean;
  /** The events numbered from `from` on, as soon as there are `count` of them. */
  next(from: number, count?: number): Promise<readonly SourceEvent[]>;
  stop(): void;
}

export const read = (source: Source): Reading => {
  const events: SourceEvent[] = [];
  const all$ = new ReplaySubject<SourceEvent>();
  let complete = false;
  const subscription = source.subscribe({
    next: (event) => {
      events.push(event);
      all$.next(event);
    },
    complete: () => {
      complete = true;
    },
  });
  onTestFinished(() => subscription.unsubscribe());
  return {
    events,
    isComplete: () => complete,
    next: (from, count = 1) =>
      firstValueFrom(
        all$.pipe(
          filter((_, index) => index >= from),
          take(count),
          toArray(),
          timeout(10_000),
        ),
      ),
    stop: () => subscription.unsubscribe(),
  };
};

/** An event in one line: what a person would look at. */
export const summary = (event: SourceEvent | undefined): string => {
  if (event === undefined) return 'nothing';
  if (event.type === 'loaded') {
    const servers = Object.entries(event.servers).map(([id, server]) => `${id}=${server?.listen}`);
    return `loaded ${servers.join(' ')}`.trim();
  }
  const lines = event.problems.map(({ file, line, column, code, message }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    return `${place} ${code} ${message}`;
  });
  return `failed ${lines.join('; ')}`;
};

/** A configuration with one server, as JSON. */
export const config = (port: number): string =>
  JSON.stringify({
    servers: { web: { listen: `127.0.0.1:${port}`, routes: [{ path: '/', respond: { body: 'x' } }] } },
  });
