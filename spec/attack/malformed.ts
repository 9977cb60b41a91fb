/** Requests that no two servers should read differently, as raw bytes; `/smuggled` must never be asked for. */
export interface Malformed {
  readonly name: string;
  readonly bytes: string;
}

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n';

const head = (lines: readonly string[], start = 'POST /case HTTP/1.1', host = 'Host: test'): string =>
  `${[start, host, ...lines].join('\r\n')}\r\n\r\n`;

const lengths = [
  '+5',
  '-1',
  '0x5',
  '5,5',
  '5 5',
  '5;',
  '',
  ' ',
  '٥',
  '1e1',
  '5.0',
  '99999999999999999999999',
  'a',
  '5\t6',
];
const codings = [
  'chunke',
  'xchunked',
  'chunked, identity',
  'identity, chunked, x',
  'chunked;q=1',
  '"chunked"',
  '\u000bchunked',
  'chunked, chunked',
  'gzip',
  'identity',
];
const chunkLines = [
  '5;',
  '5 ',
  ' 5',
  '+5',
  '-5',
  '0x5',
  '5\n',
  '5\r',
  'g',
  '',
  '5;a=\u0000',
  'fffffffffffffffff',
  '5 5',
  '\t5',
  '5_0',
];
const headerLines = [
  'X: a\u0000b',
  'X: a\rb',
  'X : a',
  ' X: a',
  '\tX: a',
  'X\t: a',
  'X',
  ': a',
  'X;: a',
  'X(: a',
  'X\u0001: a',
  'X: a\u007fb',
  'X: a\u0008b',
  'é: a',
  'X: a\r\n folded',
  'X: a\r\n\tfolded',
  'X\r: a',
  'X y: a',
  'Content-Length : 5',
  'Transfer-Encoding : chunked',
  'Content\u0000-Length: 5',
  'Content-Length\u000b: 5',
];
const startLines = [
  'GET /case',
  'GET  /case HTTP/1.1',
  'GET /case  HTTP/1.1',
  'GET /case HTTP/1.1 ',
  'GET /ca se HTTP/1.1',
  'GET /case HTTP/9.9',
  'GET /case HTTP/1',
  'GET /case http/1.1',
  'GET /case HTTPS/1.1',
  'GET /case HTTP/1.10',
  'GET /case HTTP/01.1',
  'GET\t/case HTTP/1.1',
  'get /case HTTP/1.1',
  'G\u0000ET /case HTTP/1.1',
  'GET /case\u0000 HTTP/1.1',
  'GET case HTTP/1.1',
  'GET ../case HTTP/1.1',
  'GET HTTP/1.1',
  ' GET /case HTTP/1.1',
  'FOO /case HTTP/1.1',
  'GET /case ICE/1.0',
  'PRI * HTTP/2.0',
  'GET\u000b/case HTTP/1.1',
  'GET /case\u000cHTTP/1.1',
  'M-SEARC /case HTTP/1.1',
  '/case HTTP/1.1',
  'HTTP/1.1 200 OK',
  '{}',
  'GET\r\n/case HTTP/1.1',
];
const framings: readonly (readonly [name: string, lines: readonly string[]])[] = [
  ['length and coding', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
  ['coding and length', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
  ['two lengths that differ', ['Content-Length: 5', 'Content-Length: 6']],
  ['two lengths that agree', ['Content-Length: 5', 'Content-Length: 5']],
  ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
  ['two codings, the other way', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked']],
  ['two hosts', ['Host: other']],
  ['two hosts that agree', ['Host: test']],
  ['two hosts in capitals', ['HOST: other']],
  ['three hosts', ['Host: a', 'Host: b']],
];

const cases: readonly (readonly [name: string, bytes: string])[] = [
  ...lengths.map(
    (value) => [`a length of ${JSON.stringify(value)}`, `${head([`Content-Length: ${value}`])}${SMUGGLED}`] as const,
  ),
  ...codings.map(
    (value) =>
      [
        `a coding of ${JSON.stringify(value)}`,
        `${head([`Transfer-Encoding: ${value}`])}5\r\nhello\r\n0\r\n\r\n`,
      ] as const,
  ),
  ...codings.map(
    (value) =>
      [
        `a coding of ${JSON.stringify(value)} over a request`,
        `${head([`Transfer-Encoding: ${value}`, 'Content-Length: 5'])}0\r\n\r\n${SMUGGLED}`,
      ] as const,
  ),
  ...chunkLines.map(
    (line) =>
      [
        `a chunk line of ${JSON.stringify(line)}`,
        `${head(['Transfer-Encoding: chunked'])}${line}\r\nhello\r\n0\r\n\r\n`,
      ] as const,
  ),
  ...chunkLines.map(
    (line) =>
      [
        `a last chunk line of ${JSON.stringify(line)}`,
        `${head(['Transfer-Encoding: chunked'])}5\r\nhello\r\n${line}\r\n${SMUGGLED}`,
      ] as const,
  ),
  ...headerLines.map((line) => [`a header line ${JSON.stringify(line)}`, head([line, 'Content-Length: 0'])] as const),
  ...headerLines.map(
    (line) =>
      [
        `a header line ${JSON.stringify(line)} before a body`,
        `${head([line, `Content-Length: ${SMUGGLED.length}`])}${SMUGGLED}`,
      ] as const,
  ),
  ...headerLines.map(
    (line) =>
      [`a first header line ${JSON.stringify(line)}`, head(['Host: test'], 'GET /case HTTP/1.1', line)] as const,
  ),
  ...startLines.map((line) => [`a start line ${JSON.stringify(line)}`, head([], line)] as const),
  ...startLines.map(
    (line) => [`a start line ${JSON.stringify(line)} after an empty line`, `\r\n${head([], line)}`] as const,
  ),
  ...framings.map(([name, lines]) => [name, `${head(lines)}hello`] as const),
  ...framings.map(([name, lines]) => [`${name} over chunks`, `${head(lines)}5\r\nhello\r\n0\r\n\r\n`] as const),
  ['no host', head([], 'GET /case HTTP/1.1', 'X: y')],
  ['bare line feeds', head([]).replaceAll('\r\n', '\n')],
  ['bare line feeds in the head only', head(['Content-Length: 5']).replaceAll('\r\n', '\n')],
  ['bare carriage returns', head([]).replaceAll('\r\n', '\r')],
  ['a line feed in the start line', head([]).replace(' HTTP', '\n HTTP')],
  [
    'trailers that name a length',
    `${head(['Transfer-Encoding: chunked'])}5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n`,
  ],
  [
    'a trailer that is none',
    `${head(['Transfer-Encoding: chunked'])}5\r\nhello\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
  ],
  ['a chunk that is longer than it says', `${head(['Transfer-Encoding: chunked'])}2\r\nhello\r\n0\r\n\r\n`],
  ['a chunk without its end', `${head(['Transfer-Encoding: chunked'])}5\r\nhelloX\r\n0\r\n\r\n`],
  ['a body on a GET', `GET /case HTTP/1.1\r\nHost: test\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
  ['zeros', '\u0000'.repeat(64)],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
];

export const malformed: readonly Malformed[] = cases.map(([name, bytes]) => ({ name, bytes }));
