/**
 * Where Sluice writes what an operator should read: consola's shape, so a `consola` instance fits as it is.
 *
 * A logger that throws, or rejects, is ignored: logging never decides what happens to a request or a server.
 */
export interface Logger {
  error(message: string, details?: unknown): void;
  warn(message: string, details?: unknown): void;
  info(message: string, details?: unknown): void;
  debug(message: string, details?: unknown): void;
}

/** The logger is the place where errors go; its own have nowhere to go, and no request may pay for them. */
const ignore = (): void => {};

/** Passes everything on and swallows what the logger throws or rejects with: there is nobody left to tell. */
export const guardLogger = (logger: Logger): Logger => {
  const guard =
    (level: keyof Logger) =>
    (message: string, details?: unknown): void => {
      try {
        const result: unknown = details === undefined ? logger[level](message) : logger[level](message, details);
        if (result instanceof Promise) result.catch(ignore);
      } catch {
        ignore();
      }
    };
  return { error: guard('error'), warn: guard('warn'), info: guard('info'), debug: guard('debug') };
};
