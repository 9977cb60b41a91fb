/** How a worker is asked to leave. */
export interface DrainRequest {
  /** Why, for its log. */
  readonly reason: 'stop' | 'restart' | 'scale' | 'memory' | 'age' | 'unresponsive' | 'abandoned' | 'signal' | 'crash';
  /** Milliseconds it has; after that it is killed. */
  readonly deadlineMs: number;
  /**
   * Somebody else accepts at the same addresses: it lets go of them at once and loses nobody. Otherwise it may be the
   * last one there, and holds them until nobody connects any more.
   */
  readonly handOver: boolean;
}
