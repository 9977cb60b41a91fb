import { PROTOCOL } from './protocol.ts';

/**
 * By what our messages are told from those that users send over the same channel. Never changes, nor does the rest of an
 * envelope: it is what releases of different protocols understand of each other.
 */
const KEY = 'sluice/workers';

/** A message as it travels. */
export interface Envelope {
  readonly [KEY]: number;
  readonly message: unknown;
}

/** What came over the channel. */
export type Opened =
  /** Nothing of ours. */
  | { readonly type: 'foreign' }
  /** Of a release with other messages. */
  | { readonly type: 'skewed'; readonly protocol: number; readonly message: unknown }
  /** Of ours, to be checked. */
  | { readonly type: 'message'; readonly message: unknown };

export const seal = (message: unknown): Envelope => ({ [KEY]: PROTOCOL, message });

export const open = (value: unknown): Opened => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, KEY)) return { type: 'foreign' };
  const protocol: unknown = Reflect.get(value, KEY);
  const message: unknown = Reflect.get(value, 'message');
  // A number that is none is of nobody's release: what is in it is refused as any message that cannot be read.
  if (typeof protocol !== 'number' || !Number.isInteger(protocol)) return { type: 'message', message: undefined };
  return protocol === PROTOCOL ? { type: 'message', message } : { type: 'skewed', protocol, message };
};
