import { bodyAt } from './peer.ts';

/** Asks an address again and again, each time on a new connection, and knows who was heard of when. */
export interface FirstAnswers {
  /** When each body was answered first, in milliseconds of `performance.now()`, in that order. */
  readonly seen: ReadonlyMap<string, number>;
  /** Settles with the time when somebody answers who is not among `known`; rejects after `limitMs`. */
  stranger(known: ReadonlySet<string>, limitMs: number): Promise<number>;
  stop(): void;
}

/** Two at a time: workers that share a socket are woken together, and one that is busy leaves it to the other. */
const ASKING = 2;
/** Between two questions: enough to know to the millisecond or two, too little to be a load. */
const PAUSE_MS = 1;

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const watchFirstAnswers = (port: number): FirstAnswers => {
  const seen = new Map<string, number>();
  let isOver = false;
  const ask = async (): Promise<void> => {
    while (!isOver) {
      const body = await bodyAt(port);
      if (body !== undefined && !seen.has(body)) seen.set(body, performance.now());
      await later(PAUSE_MS);
    }
  };
  for (let n = 0; n < ASKING; n += 1) void ask();
  return {
    seen,
    stranger: async (known, limitMs) => {
      const since = performance.now();
      for (;;) {
        for (const [body, at] of seen) if (!known.has(body)) return at;
        if (performance.now() - since > limitMs) throw new Error(`nobody new answers on port ${port}`);
        await later(PAUSE_MS);
      }
    },
    stop: () => {
      isOver = true;
    },
  };
};
