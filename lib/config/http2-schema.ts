import * as v from 'valibot';
import { type Http2Config, http2Defaults } from './http2-config.ts';
import { type Check, shape, wholeNumber } from './shape.ts';
import { wording } from './wording.ts';

/** The most that flow control can count (RFC 9113 §6.9.1). */
const MOST_BYTES = 2 ** 31 - 1;

const setting = (key: keyof Http2Config, least: number, most: number, description: string) =>
  v.optional(v.pipe(wholeNumber(least, most), v.metadata({ description, default: http2Defaults[key] })));

const flag = v.boolean(wording('true, false, or HTTP/2 settings'));

/** Bounds as RFC 9113 has them (§6.5.2, §6.9.2), without the zeros that would let nothing through. */
const settings = shape('HTTP/2 settings', {
  maxConcurrentStreams: setting(
    'maxConcurrentStreams',
    1,
    2 ** 32 - 1,
    'Streams a client may have open at once; further ones are refused.',
  ),
  maxFrameSize: setting('maxFrameSize', 16_384, 2 ** 24 - 1, 'Bytes of the largest frame a client may send.'),
  initialWindowSize: setting(
    'initialWindowSize',
    1,
    MOST_BYTES,
    "Bytes of a request's body that a client may send ahead of its handler.",
  ),
  connectionWindowSize: setting(
    'connectionWindowSize',
    65_535,
    MOST_BYTES,
    'The same for all bodies of a session together.',
  ),
});

/** Each is told what is wrong with it in its own words: a plain union would say that neither fits. */
const either = v.union([flag, settings], wording('true, false, or HTTP/2 settings'));

/** Whether clients may choose HTTP/2, and what they may ask of a session. */
export const http2Schema = v.pipe(
  {
    ...either,
    '~run': (dataset, config) => {
      const { value } = dataset;
      return typeof value === 'object' && value !== null
        ? settings['~run']({ typed: false, value }, config)
        : either['~run'](dataset, config);
    },
  } satisfies typeof either,
  v.metadata({ description: 'Clients may choose HTTP/2, with these settings; needs tls.', default: false }),
);

/** Browsers speak HTTP/2 over TLS alone, and only a handshake can tell who speaks it. */
export const http2NeedsTls: Check = ({ http2, tls }, report) => {
  if (http2 === undefined || http2 === false || tls !== undefined) return;
  report(['http2'], http2, wording("false without 'tls'", "needs 'tls'", "give 'tls', or leave it out"));
};
