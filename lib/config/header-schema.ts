import * as v from 'valibot';
import { wording } from './wording.ts';

/** Headers that say how a message is framed or what becomes of its connection: only the server knows. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const LONGEST_HEADER = 8_192;

/** The name of a header that a config may give. */
export const headerName = v.pipe(
  v.string(wording('a header name')),
  v.regex(/^[!#$%&'*+.^_`|~\w-]+$/, wording('a header name', 'is not a name that a header can have')),
  v.check((name) => !FRAMING.has(name.toLowerCase()), wording('another header', 'is set by the server itself')),
);

/** The value of a header that a config may give. */
export const headerValue = v.pipe(
  v.string(wording('a text')),
  v.maxLength(LONGEST_HEADER, wording(`a text of at most ${LONGEST_HEADER} characters`)),
  // Line breaks would start a header of their own; what has no single byte cannot be sent.
  v.regex(
    /^[\t\x20-\x7e\x80-\xff]*$/,
    wording('a text without line breaks, control characters or characters beyond Latin-1'),
  ),
);
