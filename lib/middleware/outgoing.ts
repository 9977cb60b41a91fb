type Write = (...given: unknown[]) => unknown;

/** Node's response, of HTTP/1 or HTTP/2, as far as middleware looks at it. */
export interface Outgoing {
  readonly headersSent: boolean;
  readonly statusCode: number;
  readonly writableFinished: boolean;
  readonly req?: { readonly method?: string };
  /** In HTTP/2: what it is sent in. */
  readonly stream?: { readonly closed: boolean; readonly rstCode?: number };
  write: Write;
  end: Write;
  once(event: 'close', listener: () => void): unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Node's response behind what a handler got beside its request; `undefined` in a test, or when it is over already. */
export const outgoingOf = (env: unknown): Outgoing | undefined => {
  const outgoing = isRecord(env) ? env.outgoing : undefined;
  if (!isRecord(outgoing) || typeof outgoing.once !== 'function' || outgoing.destroyed === true) return undefined;
  // Nothing else has these: `@hono/node-server` passes Node's own responses only.
  return typeof outgoing.write === 'function' && typeof outgoing.end === 'function'
    ? (outgoing as unknown as Outgoing)
    : undefined;
};

/** How an answer ended. */
export interface Ending {
  /** The status its client got; `undefined` when it left before there was one. */
  readonly status: number | undefined;
  /** All of it was handed over. */
  readonly complete: boolean;
}

/** How an answer ended that has just been closed. Nobody sets a status other than 200 but with an answer. */
export const endingOf = (outgoing: Outgoing): Ending => {
  const { headersSent, statusCode, writableFinished, stream } = outgoing;
  // A server that answers in the place of a handler takes the response from it, and answers without it.
  const refused = stream === undefined ? !headersSent && statusCode !== 200 : headersSent && !stream.closed;
  const status = headersSent || refused ? statusCode : undefined;
  // To Node a stream that its client resets is finished as well.
  const whole = writableFinished && (stream?.rstCode ?? 0) === 0;
  return { status, complete: status !== undefined && (whole || refused) };
};

/** The address of the client's end of the connection: a proxy in front, if there is one. */
export const remoteAddressOf = (env: unknown): string | undefined => {
  const incoming = isRecord(env) ? env.incoming : undefined;
  const socket = isRecord(incoming) ? incoming.socket : undefined;
  const address = isRecord(socket) ? socket.remoteAddress : undefined;
  return typeof address === 'string' ? address : undefined;
};
