import type { Logger } from './logger.ts';

/**
 * A logger that leaves out lines which contain one of these texts; the logger itself when there are none.
 *
 * Only the message is looked at, letter by letter.
 */
export const filtered = (logger: Logger, texts: readonly string[]): Logger => {
  if (texts.length === 0) return logger;
  const passes = (message: string): boolean => !texts.some((text) => message.includes(text));
  const at =
    (level: keyof Logger) =>
    (message: string, details?: unknown): void => {
      if (passes(message)) logger[level](message, details);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
};
