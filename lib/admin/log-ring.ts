import { type Observable, Subject } from 'rxjs';

/** Something that was said, as people read it and as programs do. */
export interface LogEntry {
  /** One line, without its time. */
  readonly text: string;
  /** What is wrong goes to standard error. */
  readonly isWrong: boolean;
  /** The line that `--json` writes, as a value. */
  readonly event: object;
}

/** The last things that were said. */
export interface LogRing {
  add(entry: LogEntry): void;
  /** At most this many of the last entries, the oldest first. */
  last(count: number): readonly LogEntry[];
  /** Entries from now on. Hot, never completes. */
  readonly entries$: Observable<LogEntry>;
}

/** Keeps `most` entries; characters count too, because one entry may be long. */
export const createLogRing = (most = 1_000, mostCharacters = 1_048_576): LogRing => {
  const entries: LogEntry[] = [];
  const added$ = new Subject<LogEntry>();
  let characters = 0;
  return {
    entries$: added$.asObservable(),
    add(entry) {
      entries.push(entry);
      characters += entry.text.length;
      while (entries.length > most || (characters > mostCharacters && entries.length > 1)) {
        characters -= entries.shift()?.text.length ?? 0;
      }
      added$.next(entry);
    },
    last: (count) => (count <= 0 ? [] : entries.slice(-count)),
  };
};
