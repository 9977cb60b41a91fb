/**
 * Where Sluice writes what an operator should read: consola's shape, so a `consola` instance fits as it is.
 *
 * A logger that throws is ignored: logging never decides what happens to a request or a server.
 */
export interface Logger {
  error(message: string, details?: unknown): void;
  warn(message: string, details?: unknown): void;
  info(message: string, details?: unknown): void;
  debug(message: string, details?: unknown): void;
}

/** Passes everything on and swallows what the logger throws: there is nobody left to tell. */
export const guardLogger = (logger: Logger): Logger => {
  const guard =
    (level: keyof Logger) =>
    (message: string, details?: unknown): void => {
      try {
        if (details === undefined) logger[level](message);
        else logger[level](message, details);
      } catch {
        // The logger is the place where errors go; its own have nowhere to go, and no request may pay for them.
      }
    };
  return { error: guard('error'), warn: guard('warn'), info: guard('info'), debug: guard('debug') };
};
