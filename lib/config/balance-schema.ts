import * as v from 'valibot';
import { proxyDefaults } from './proxy-config.ts';
import { type Check, rule, shape } from './shape.ts';
import { shortForm } from './short-form.ts';
import { wording } from './wording.ts';

const LONGEST_NAME = 256;

/** The name of something that a request has, in letters that may stand in it. */
const name = (what: string, letters: RegExp, description: string) =>
  v.optional(
    v.pipe(
      v.string(wording(`the name of a ${what}`)),
      v.metadata({ description }),
      v.maxLength(LONGEST_NAME, wording(`a name of at most ${LONGEST_NAME} characters`)),
      v.regex(letters, wording(`the name of a ${what}`)),
    ),
  );

/** A token (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

const KEYS = ['header', 'cookie', 'query'] as const;

const ONE_KEY = "one of 'header', 'cookie' and 'query'";

const oneKey: Check = (record, report) => {
  if (KEYS.filter((key) => record[key] !== undefined).length !== 1) report([], record, wording(ONE_KEY));
};

const KEY = wording("'client-address', or an object of 'header', 'cookie' or 'query'");

const key = v.pipe(
  shortForm(
    v.picklist(['client-address'], KEY),
    v.pipe(
      shape('what a request is known by', {
        header: name('header', TOKEN, 'The value of this header.'),
        cookie: name('cookie', TOKEN, 'The value of this cookie.'),
        query: name('parameter', /^[^\p{Cc}]+$/u, 'The value of this parameter of the query.'),
      }),
      rule(oneKey),
    ),
    KEY,
  ),
  v.metadata({ description: 'What of a request says which target it belongs to.' }),
);

const BALANCES = wording("'round-robin', 'least-in-flight', 'weighted' or an object of 'sticky'");

const STICKY_HINT =
  "write { sticky: 'client-address' }, or a header, cookie or parameter: { sticky: { cookie: 'sid' } }";

export const balanceSchema = v.pipe(
  shortForm(
    v.picklist(['round-robin', 'least-in-flight', 'weighted'], BALANCES),
    shape('a balance', { sticky: key }, { hash: STICKY_HINT, ipHash: STICKY_HINT, key: STICKY_HINT }),
    BALANCES,
  ),
  v.metadata({ description: 'How requests are spread over targets.', default: proxyDefaults.balance }),
);
