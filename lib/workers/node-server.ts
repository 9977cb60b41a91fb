/** A server of Node that a context can let drain: `http.Server`, `https.Server`. */
export interface NodeServer {
  readonly listening: boolean;
  prependListener(event: 'request' | 'connection', listener: (...values: unknown[]) => void): unknown;
  close(callback?: (error?: Error) => void): unknown;
  closeIdleConnections?(): void;
}
