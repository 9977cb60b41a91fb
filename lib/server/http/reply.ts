import type { IncomingHttpHeaders } from 'node:http';

/** A request as those see it who do not care which protocol it came in. */
export interface Asked {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** The answer to one request, in whichever protocol it goes out. */
export interface Reply {
  readonly req: Asked;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  /** Nobody waits for it any more: its client has left, or has had another answer. */
  readonly moot: boolean;
  once(event: 'close', listener: () => void): unknown;
  /**
   * Ends it in its author's place, who must not be asked, is late, or has failed: with a status as long as nothing of it
   * is on its way, otherwise cut off, so that nobody takes a part of it for all.
   */
  giveUp(status: number, requestId?: string): void;
}

/** What a handler finds beside its request. */
export interface ReplyBindings {
  readonly incoming: Asked;
  readonly outgoing: Reply;
}
