import { OptionsError } from '../../config/errors.ts';
import type { WebSocketOptions } from './options.ts';

/** The headers that say who asks and who is asked. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

const originOf = (text: string): string => {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  if (origin === 'null') throw new OptionsError('origins', `origins such as 'https://example.com', not '${text}'`);
  return origin;
};

/** Whether a page stands on the host that it asks; a port that is usual for its scheme may be left out. */
const isSame = (origin: string, host: string | undefined): boolean => {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const asked = `${protocol}//${host}`;
  return own !== '' && URL.canParse(asked) && new URL(asked).host === own;
};

/**
 * Tells who may open a WebSocket by the page that wants to.
 *
 * The page cannot lie about its origin, and its browser would send cookies along: RFC 6455 §10.2. `null` is the origin
 * of pages without one, such as files and sandboxed frames.
 */
export const originTest = (origins: Required<WebSocketOptions>['origins']): ((headers: OriginHeaders) => boolean) => {
  if (origins === 'any') return () => true;
  if (origins === 'same') return ({ origin, host }) => origin === undefined || isSame(origin, host);
  const known = new Set(origins.map(originOf));
  return ({ origin }) => origin === undefined || known.has(origin.toLowerCase());
};
