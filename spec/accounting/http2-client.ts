import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { ConnectionOptions } from 'node:tls';
import type { AccountingClient } from './accounting-client.ts';
import { createTally } from './tally.ts';

/**
 * The accounting client for HTTP/2: sessions with several requests under way on each of them.
 *
 * A stream the server has refused (`REFUSED_STREAM`), or that lies above the last one its GOAWAY names, was not looked
 * at: repeating it is safe for every client (RFC 9113 §8.7). It counts as `refused`, not as written. Whatever else does
 * not come back whole is a failure. A session that is told to go away is replaced; its requests are waited for.
 */
export interface Http2AccountingOptions {
  /** Asked for every new session: host and port; `''` as long as there should be none. */
  readonly address: () => string;
  /** Encrypts with these options; without them the server has to expect HTTP/2 at once. */
  readonly tls?: ConnectionOptions;
  /** 4 by default. */
  readonly sessions?: number;
  /** Requests under way on each session; 8 by default. */
  readonly streams?: number;
  readonly path?: string;
  /** Whether a whole answer is the right one; status 200 by default. */
  readonly check?: (answer: StreamedAnswer) => boolean;
  /** The version an answer belongs to, to learn when each was first seen. */
  readonly version?: (answer: StreamedAnswer) => string | undefined;
  /** Milliseconds until a request without a whole answer is `hung`; 10,000. */
  readonly limitMs?: number;
  /** Milliseconds to wait after a connection that could not be made; 5. */
  readonly retryMs?: number;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly body: string;
}

/** What is known of a session. */
interface Line {
  readonly session: ClientHttp2Session;
  /** The last stream the server looks at. */
  last: number;
  leaving: boolean;
  connected: boolean;
  /** It has had an answer. */
  known: boolean;
  open: number;
}

const { NGHTTP2_REFUSED_STREAM } = constants;

export const createHttp2AccountingClient = (options: Http2AccountingOptions): AccountingClient => {
  const { address, tls, sessions = 4, streams = 8, path = '/', version, limitMs = 10_000, retryMs = 5 } = options;
  const check = options.check ?? (({ status }: StreamedAnswer) => status === 200);
  const tally = createTally();
  const lines = new Set<Line>();
  const timers = new Set<NodeJS.Timeout>();
  let running = false;
  let outstanding = 0;
  let quiet: (() => void) | undefined;

  const ask = (line: Line): void => {
    const startedAt = performance.now();
    let stream: ClientHttp2Stream;
    try {
      stream = line.session.request({ ':path': path });
    } catch {
      leave(line);
      return;
    }
    outstanding += 1;
    line.open += 1;
    let status: number | undefined;
    let body = '';
    let ended = false;
    let fault = '';
    let settled = false;
    const timer = setTimeout(() => {
      settle('hung', `no whole answer within ${limitMs} ms`);
      stream.destroy();
    }, limitMs);
    const settle = (fate: 'answered' | 'bad' | 'torn' | 'lost' | 'hung' | 'refused', example?: string): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      outstanding -= 1;
      line.open -= 1;
      line.known = true;
      if (fate === 'refused') tally.count('refused');
      else {
        tally.count('written');
        tally.close(fate, performance.now() - startedAt, example);
      }
      if (outstanding === 0) quiet?.();
      if (running && !line.leaving) ask(line);
    };
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: string) => {
      body += chunk;
    });
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', (error) => {
      fault = error.message;
    });
    stream.on('close', () => {
      const { rstCode, id } = stream;
      if (status !== undefined && ended && rstCode === 0) {
        const answer = { status, body };
        const name = version?.(answer);
        if (name !== undefined) tally.seen(name);
        if (check(answer)) settle('answered');
        else settle('bad', `${status} ${body.slice(0, 80)}`);
      } else if (id === undefined || rstCode === NGHTTP2_REFUSED_STREAM || id > line.last) {
        settle('refused');
      } else settle(status === undefined ? 'lost' : 'torn', `code ${rstCode} ${fault}`);
    });
  };

  /** Asks for nothing more on this session, and opens another one. */
  const leave = (line: Line): void => {
    if (line.leaving) return;
    line.leaving = true;
    if (running && line.connected) dial();
  };

  const later = (run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (running) run();
    }, retryMs);
    timers.add(timer);
  };

  const dial = (): void => {
    const to = address();
    if (to === '') {
      later(dial);
      return;
    }
    const session = tls === undefined ? connect(`http://${to}`) : connect(`https://${to}`, tls);
    const line: Line = {
      session,
      last: Number.POSITIVE_INFINITY,
      leaving: false,
      connected: false,
      known: false,
      open: 0,
    };
    lines.add(line);
    session.on('error', () => undefined);
    session.on('goaway', (_, last) => {
      tally.count('asked');
      // The first one may only announce that there will be an end.
      line.last = Math.min(line.last, last);
      leave(line);
    });
    session.once('connect', () => {
      line.connected = true;
      tally.count('connected');
      if (!running) return;
      for (let n = 0; n < streams; n += 1) ask(line);
    });
    session.once('close', () => {
      lines.delete(line);
      if (line.connected) leave(line);
      else if (running) {
        tally.count('refused');
        later(dial);
      }
    });
  };

  return {
    start: () => {
      if (running) return;
      running = true;
      tally.take();
      for (let n = 0; n < sessions; n += 1) dial();
    },
    take: tally.take,
    settled: async () => {
      const isUnknown = (): boolean => [...lines].some(({ known }) => !known);
      while (isUnknown()) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    stop: async () => {
      running = false;
      if (outstanding > 0) {
        await new Promise<void>((resolve) => {
          quiet = resolve;
        });
      }
      for (const timer of timers) clearTimeout(timer);
      for (const { session } of lines) session.destroy();
      return tally.take();
    },
  };
};
