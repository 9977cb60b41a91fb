import { createRequire } from 'node:module';
import { Observable } from 'rxjs';
import { type Fetched, type FetchRequest, fetchContent } from './fetch.ts';

const require = createRequire(import.meta.url);

/** Loaded when it is first needed: that takes 50 ms, which every process that only imports this would pay. */
const undici = (): typeof import('undici') => require('undici');

/** Asks servers, over connections of its own. */
export interface HttpClient {
  /** Cold: emits once and completes, never errors; unsubscribing aborts the request under way. */
  fetch(request: FetchRequest): Observable<Fetched>;
  /** Closes every connection at once. */
  close(): void;
}

export const createHttpClient = (): HttpClient => {
  // One connection per server is what polling needs; it is let go of by itself when it idles.
  const { Agent } = undici();
  const agent = new Agent({ connections: 1, maxHeaderSize: 16_384 });
  return {
    fetch: (request) =>
      new Observable((subscriber) => {
        const controller = new AbortController();
        subscriber.add(() => controller.abort());
        void fetchContent(request, agent, controller.signal).then((fetched) => {
          subscriber.next(fetched);
          subscriber.complete();
        });
      }),
    close: () => {
      // What is under way was aborted by its subscriber; nobody is left to tell how closing went.
      agent.destroy().catch(() => undefined);
    },
  };
};
