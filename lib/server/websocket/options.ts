import { OptionsError } from '../../config/errors.ts';

/** What a WebSocket is allowed; all of it has defaults. */
export interface WebSocketOptions {
  /** Bytes of a message from the client (1009 beyond); 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Bytes that may wait for a client that reads slowly; 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** What becomes of a client for which too much waits: sent away with 1013, or messages are dropped; `'close'`. */
  readonly overflow?: 'close' | 'drop';
  /**
   * Milliseconds between two pings; 25 000, below the idle limits of common proxies. Who gives no sign of life between
   * two of them is cut. `0` sends none.
   */
  readonly heartbeatMs?: number;
  /** Subprotocols, the preferred ones first; the first that the client offers is agreed on. None by default. */
  readonly protocols?: readonly string[];
  /**
   * Pages of which sites may connect: `'same'` are those of the host that was asked, the default; `'any'` is all of
   * them; otherwise a list of origins (`'https://example.com'`). Who sends no origin is no browser, and let in.
   */
  readonly origins?: 'same' | 'any' | readonly string[];
}

/** Every option with its value, and what cannot be chosen. */
export interface WebSocketSettings extends Required<WebSocketOptions> {
  readonly closeTimeoutMs: number;
}

const MEBIBYTE = 1_048_576;

/** How long a client may take to answer a close frame. It has nothing else to do. */
const CLOSE_TIMEOUT_MS = 5_000;

const defaults: WebSocketSettings = {
  maxMessageBytes: MEBIBYTE,
  maxBufferedBytes: MEBIBYTE,
  overflow: 'close',
  heartbeatMs: 25_000,
  protocols: [],
  origins: 'same',
  closeTimeoutMs: CLOSE_TIMEOUT_MS,
};

const checkNumber = (name: string, value: number, least: number): void => {
  if (!Number.isInteger(value) || value < least || value >= 2 ** 31) {
    throw new OptionsError(name, `a whole number from ${least} to 2147483647`);
  }
};

/** Fills in the defaults. @throws OptionsError */
export const settingsOf = (options: WebSocketOptions): WebSocketSettings => {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: WebSocketSettings = { ...defaults, ...Object.fromEntries(given) };
  checkNumber('maxMessageBytes', settings.maxMessageBytes, 1);
  checkNumber('maxBufferedBytes', settings.maxBufferedBytes, 0);
  checkNumber('heartbeatMs', settings.heartbeatMs, 0);
  if (settings.overflow !== 'close' && settings.overflow !== 'drop') {
    throw new OptionsError('overflow', "'close' or 'drop'");
  }
  const { origins } = settings;
  if (typeof origins === 'string' && origins !== 'same' && origins !== 'any') {
    throw new OptionsError('origins', "'same', 'any' or an array of origins");
  }
  return settings;
};
