import type { Http2Spec } from '../../config/http2-config.ts';
import { Allowance, type AllowanceSize } from './allowance.ts';

/**
 * Streams a client may break off, itself or by a mistake that makes us do it. A browser whose user moves on breaks off
 * what was under way, at most as many streams as it may have open; one that pans a map does so again and again.
 */
const breaksOf = ({ maxConcurrentStreams }: Http2Spec): AllowanceSize => ({
  burst: maxConcurrentStreams,
  perSecond: 33,
});

/** SETTINGS and PING frames, each of which has to be answered. Clients probe their line a few times a second at most. */
const QUESTIONS = { burst: 100, perSecond: 10 };

/**
 * Bytes that belong to no request: frames that cost work and lead to nothing, of whatever kind. The window is in it,
 * because nobody sees a body before its handler reads; acknowledgements of what we send are allowed for apart.
 */
const chatterOf = ({ connectionWindowSize }: Http2Spec): AllowanceSize => ({
  burst: connectionWindowSize + 524_288,
  perSecond: 65_536,
});

/** A WINDOW_UPDATE of 13 bytes for as little as this of what we sent is a poor client, but no attacker. */
const SENT_PER_CHATTER = 32;

/** What a socket has carried so far; streams that do not count say nothing. */
export interface Carried {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

/** How much of what leads to nothing a client may do; each answer is whether it was within that. */
export class Patience {
  readonly #breaks: Allowance;
  readonly #questions: Allowance;
  readonly #chatter: Allowance;
  #read = 0;
  #written = 0;
  /** Bytes since the last look that belonged to requests. */
  #useful = 0;

  constructor(now: number, settings: Http2Spec) {
    this.#breaks = new Allowance(breaksOf(settings), now);
    this.#questions = new Allowance(QUESTIONS, now);
    this.#chatter = new Allowance(chatterOf(settings), now);
  }

  /** It broke something off that it had asked for; `weight` is for ways that no honest client has. */
  breakOff(now: number, weight = 1): boolean {
    return this.#breaks.spend(weight, now);
  }

  /** It sent a frame that has to be answered and asks for nothing. */
  question(now: number): boolean {
    return this.#questions.spend(1, now);
  }

  /** So many bytes belonged to a request. */
  use(bytes: number): void {
    this.#useful += bytes;
  }

  /** Looks at everything that came since the last look. */
  listen({ bytesRead = 0, bytesWritten = 0 }: Carried, now: number): boolean {
    const chatter = bytesRead - this.#read - this.#useful - (bytesWritten - this.#written) / SENT_PER_CHATTER;
    this.#read = bytesRead;
    this.#written = bytesWritten;
    this.#useful = 0;
    return this.#chatter.spend(chatter, now);
  }
}
