import * as v from 'valibot';
import { http2Schema } from './http2-schema.ts';
import { holdsPem, isPem } from './pem.ts';
import { type Check, rule, shape, wholeNumber } from './shape.ts';
import { TLS_CURVES, type TlsVersion, tlsDefaults } from './tls-config.ts';
import { wording } from './wording.ts';

/** The longest time a timer of Node can wait; it fires at once on anything longer. */
const LONGEST_MS = 2 ** 31 - 1;

const LONGEST_PATH = 4_096;

/** What can be opened: one line without characters that end a path early. */
const isPath = (text: string): boolean => text.length <= LONGEST_PATH && /^[^\p{Cc}]*\S[^\p{Cc}]*$/u.test(text);

/** A key or a certificate as PEM has it between its lines: who forgot those has not named a file that messages may show. */
const BARE = /^M[A-Za-z\d+/]{47,}={0,2}$/;

/** Something that is given as PEM text, or as the path of a file with it. */
const material = (kind: string, noun: string, description: string) => {
  const text = wording(`${noun} as PEM text, or the path of a file`);
  return v.pipe(
    v.string(text),
    v.metadata({ description: `${description}: PEM text, or the path of a file.`, minLength: 1 }),
    v.check((given) => isPem(given) || isPath(given), text),
    v.check(
      (given) => !BARE.test(given),
      wording(
        text.split('\n', 1)[0] ?? '',
        'is Base64 without the lines around it',
        'put the BEGIN and END lines around it',
      ),
    ),
    v.check(
      (given) => !isPem(given) || holdsPem(given, kind),
      wording(text.split('\n', 1)[0] ?? '', `holds no ${noun}`),
    ),
  );
};

const certificate = material('CERTIFICATE', 'certificate', 'The certificate, followed by those that vouch for it');
const key = material('PRIVATE KEY', 'private key', 'The private key of the certificate');
const passphrase = v.optional(
  v.pipe(
    v.string(wording('a text')),
    v.metadata({ description: 'Opens an encrypted key.', minLength: 1, maxLength: 1_024 }),
    v.check((text) => text !== '' && text.length <= 1_024, wording('a text of 1 to 1024 characters')),
  ),
);
const authority = material('CERTIFICATE', 'certificate', 'Whose signature makes the certificate of a client good');

/** A host name as clients ask for it, or one with a star in place of its first label (RFC 6125 §6.4.3). */
const NAME = /^(?:\*\.)?\w[\w-]{0,62}(?:\.\w[\w-]{0,62})*$/;

const names = v.pipe(
  v.array(
    v.pipe(
      v.string(wording('a host name')),
      v.maxLength(253, wording('a host name of at most 253 characters')),
      v.regex(NAME, wording("a host name, such as 'api.example.com' or '*.example.com'")),
    ),
    wording('an array of host names'),
  ),
  v.minLength(1, wording('at least one host name')),
  v.metadata({
    description: 'The names it is presented for; those in the certificate by default.',
    examples: [['api.example.com', '*.example.com']],
  }),
);

const version = (byDefault: TlsVersion, description: string) =>
  v.optional(
    v.pipe(
      v.picklist(['TLSv1.2', 'TLSv1.3'], wording("'TLSv1.2' or 'TLSv1.3'")),
      v.metadata({ description, default: byDefault }),
    ),
  );

const isFlag = wording('true or false');

const clientsProveThemselves: Check = (record, report) => {
  const { ca, clientAuth = tlsDefaults.clientAuth } = record;
  if (ca === undefined && (clientAuth === 'request' || clientAuth === 'require')) {
    const hint = "give 'ca', the certificate that signs those of clients";
    report(
      ['clientAuth'],
      clientAuth,
      wording("'none' without 'ca'", "needs 'ca': nobody's certificate could be good", hint),
    );
  }
  if (ca !== undefined && clientAuth === 'none') {
    const hint = "add clientAuth: 'require'";
    report(['ca'], ca, wording("no 'ca' with clientAuth 'none'", 'is used for nothing while no client is asked', hint));
  }
};

const versionsAgree: Check = ({ minVersion, maxVersion }, report) => {
  if (minVersion !== 'TLSv1.3' || maxVersion !== 'TLSv1.2') return;
  report(['minVersion'], minVersion, wording("at most maxVersion ('TLSv1.2')"));
};

const namesDiffer: Check = ({ certificates }, report) => {
  if (!Array.isArray(certificates)) return;
  const seen = new Map<string, number>();
  for (const [index, one] of certificates.entries()) {
    const given: unknown = typeof one === 'object' && one !== null && 'names' in one ? one.names : [];
    for (const [place, name] of (Array.isArray(given) ? given : []).entries()) {
      if (typeof name !== 'string') continue;
      const first = seen.get(name.toLowerCase());
      if (first === undefined) seen.set(name.toLowerCase(), index);
      else {
        const text = wording('a name of one certificate', `is a name of certificate ${first} already`);
        report(['certificates', String(index), 'names', String(place)], name, text);
      }
    }
  }
};

const tlsSchema = v.pipe(
  shape('TLS settings', {
    cert: certificate,
    key,
    passphrase,
    certificates: v.optional(
      v.pipe(
        v.array(
          shape('a certificate', { cert: certificate, key, passphrase, names: v.optional(names) }),
          wording('an array of certificates'),
        ),
        v.maxLength(1_000, wording('at most 1000 certificates')),
        v.metadata({ description: 'Further certificates, chosen by the name a client asks for.' }),
      ),
    ),
    unknownName: v.optional(
      v.pipe(
        v.picklist(['default', 'refuse'], wording("'default' or 'refuse'")),
        v.metadata({
          description: 'Clients that ask for another name, or for none, get the default certificate, or are refused.',
          default: tlsDefaults.unknownName,
        }),
      ),
    ),
    ca: v.optional(
      v.pipe(
        v.union(
          [authority, v.pipe(v.array(authority), v.minLength(1, wording('at least one')))],
          wording('certificates as PEM text or paths'),
        ),
        v.metadata({ description: 'Whose signature makes the certificate of a client good; one or several.' }),
      ),
    ),
    clientAuth: v.optional(
      v.pipe(
        v.picklist(['none', 'request', 'require'], wording("'none', 'request' or 'require'")),
        v.metadata({
          description: 'Whether clients are asked for a certificate that ca signed, and whether they need one.',
          default: tlsDefaults.clientAuth,
        }),
      ),
    ),
    minVersion: version(tlsDefaults.minVersion, 'The oldest version of TLS that is spoken.'),
    maxVersion: version(tlsDefaults.maxVersion, 'The newest version of TLS that is spoken.'),
    ciphers: v.optional(
      v.pipe(
        v.string(wording('a list of cipher suites, as OpenSSL writes it')),
        v.regex(/^[\w:!+@=.-]{1,4096}$/, wording('a list of cipher suites, as OpenSSL writes it')),
        v.metadata({ description: 'Cipher suites in the words of OpenSSL, best first.' }),
      ),
    ),
    curves: v.optional(
      v.pipe(
        v.array(
          v.picklist(TLS_CURVES, wording(TLS_CURVES.map((name) => `'${name}'`).join(', '))),
          wording('an array of curves'),
        ),
        v.minLength(1, wording('at least one curve')),
        v.check((curves) => new Set(curves).size === curves.length, wording('every curve once')),
        v.metadata({ description: "Curves keys are agreed on, best first; Node's own by default.", uniqueItems: true }),
      ),
    ),
    sessionTickets: v.optional(
      v.pipe(
        v.boolean(isFlag),
        v.metadata({
          description: 'Clients that come back may take up their last session with a ticket.',
          default: tlsDefaults.sessionTickets,
        }),
      ),
    ),
    handshakeTimeoutMs: v.optional(
      v.pipe(
        wholeNumber(1, LONGEST_MS),
        v.metadata({
          description: 'Milliseconds until both sides agree; the connection is closed otherwise.',
          default: tlsDefaults.handshakeTimeoutMs,
        }),
      ),
    ),
    watch: v.optional(
      v.pipe(
        v.boolean(isFlag),
        v.metadata({ description: 'Uses renewed files without a new config.', default: tlsDefaults.watch }),
      ),
    ),
    warnBeforeDays: v.optional(
      v.pipe(
        wholeNumber(0, 3_650),
        v.metadata({
          description: 'Days before the end of a certificate from which on it is expiring.',
          default: tlsDefaults.warnBeforeDays,
        }),
      ),
    ),
  }),
  rule(clientsProveThemselves),
  rule(versionsAgree),
  rule(namesDiffer),
  v.metadata({ description: 'Encrypts connections; without it they are not.' }),
);

/** What a server says of encryption. */
export const encryptionMembers = {
  tls: v.optional(tlsSchema),
  http2: v.optional(http2Schema),
};
