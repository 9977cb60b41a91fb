/**
 * A request as instruments see it, from its head to its end.
 *
 * It is read while it is told of: what it says of the end holds once that has come.
 */
export interface ObservedRequest {
  /** The id of the server that answers it. */
  readonly server: string;
  /** As it was asked for, in any spelling: a client may have made it up. */
  readonly method: string;
  /** Where it goes, without the query; as the handler gets it unless it is refused. */
  readonly path: string;
  /**
   * The pattern of the route that answers it, such as `/users/:id`; `*` where one function answers everything.
   *
   * `undefined` when no route does. It is looked up when it is asked for first.
   */
  readonly route: string | undefined;
  readonly protocol: '1.0' | '1.1' | '2';
  /** It came over TLS. */
  readonly encrypted: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request that is over. */
export interface EndedRequest extends ObservedRequest {
  /**
   * What its client was told; 101 when another protocol took the connection over, which ends the request.
   *
   * `undefined` when it was told nothing: it left before, or was cut off.
   */
  readonly status: number | undefined;
  /** The answer was handed over to its end. `false`: it broke off, or its client had left. */
  readonly complete: boolean;
  /** Milliseconds from its head to its end. */
  readonly durationMs: number;
  /** Bytes of its body that had arrived by its end. */
  readonly requestBytes: number;
  /** Bytes of the body of its answer. */
  readonly responseBytes: number;
}

/** Who follows one request; one may follow any number of them. */
export interface RequestWatcher {
  /**
   * Calls `handle`, which begins to answer the request, within a context of its own: once, before it returns.
   *
   * Without it nothing stands around the handler.
   */
  run?(handle: () => void): void;
  /** The request is over; called once. */
  end(request: EndedRequest): void;
}

/**
 * Who is told of requests.
 *
 * Called within the turn that serves a request: it must be quick. What it throws is logged, and costs no request.
 */
export interface Instrument {
  /**
   * A request's head has arrived; answers who follows it.
   *
   * Called as well for requests that are refused before they reach a handler, and for those that ask for another
   * protocol.
   */
  begin?(request: ObservedRequest): RequestWatcher | undefined;
  /**
   * Somebody was refused whose request could not be read, or did not come in time.
   *
   * @param server - the id of the server.
   */
  refused?(server: string, status: number): void;
}
