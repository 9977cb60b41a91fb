/** One thing that is wrong with a config, as data: where, what was expected, what stood there, and what to do. */
export interface Issue {
  /**
   * The server it belongs to; absent when it concerns the whole config. An id that is wrong itself shows shortened and
   * with its unprintable characters escaped.
   */
  readonly server?: string;
  /** Where inside the server's config: `listen`, `routes.0.path`; empty for the server as a whole. */
  readonly path: string;
  /** What would have been accepted. */
  readonly expected: string;
  /** What stood there, as one line of at most 80 characters. */
  readonly received: string;
  /** One sentence for people, lower case, no full stop. */
  readonly message: string;
  /** What to do about it, when that is known. */
  readonly hint?: string;
}
