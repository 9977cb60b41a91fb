import { connect } from 'node:net';
import { responsesIn } from '../listener/responses.ts';
import type { Malformed } from './malformed.ts';

/** What became of one malformed request and of the good one behind it. */
export interface Judgement {
  readonly name: string;
  /** The statuses of all answers, in order. */
  readonly statuses: readonly number[];
  /** What must not have happened; none when all is well. */
  readonly faults: readonly string[];
}

/** The good request that follows every malformed one; the server is expected to answer it with the path alone. */
export const MARK = 'GET /mark HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

/** Statuses that say that there was no request to answer. */
const NO_REQUEST: ReadonlySet<number> = new Set([400, 408, 413, 431, 501]);

/** Bytes that begin no HTTP/1 request at all: they may be left without an answer. */
const isForeign = (bytes: string): boolean => bytes.charCodeAt(0) === 22 || bytes.startsWith('PRI');

/**
 * Judges answers: a malformed request is refused and ends its connection, or it is one plain request and the good one
 * behind it is answered as what it is. Nothing in between, and nothing twice.
 */
const faultsIn = (bytes: string, text: string, ended: boolean): Omit<Judgement, 'name'> => {
  const answers = responsesIn(text, true);
  const statuses = answers.map(({ status }) => status);
  const refusedAt = statuses.findIndex((status) => NO_REQUEST.has(status));
  const last = answers.at(-1);
  const faults = [
    ended ? '' : `the connection does not end after ${JSON.stringify(text)}`,
    statuses.length === 0 && !isForeign(bytes) ? 'no answer' : '',
    statuses.some((status) => status !== 200 && !NO_REQUEST.has(status)) ? `answers ${statuses}` : '',
    refusedAt >= 0 && refusedAt !== statuses.length - 1 ? `goes on after ${statuses}` : '',
    statuses.length > 2 ? `answers ${statuses.length} times` : '',
    // HTTP/0.9 knows one request for each connection: the marker is not read then.
    statuses.length > 1 && refusedAt < 0 && last?.body !== '/mark' ? `reads the marker as ${last?.body}` : '',
    answers.some(({ body }) => body === '/smuggled') ? 'reads a body as a request' : '',
  ];
  return { statuses, faults: faults.filter((fault) => fault !== '') };
};

/** Sends one malformed request with a good one behind it on a connection of its own. */
export const judge = (
  { name, bytes }: Malformed,
  target: { readonly host: string; readonly port: number },
  limitMs = 5_000,
): Promise<Judgement> =>
  new Promise((resolve) => {
    const socket = connect({ ...target, allowHalfOpen: true });
    let text = '';
    const finish = (ended: boolean): void => {
      clearTimeout(late);
      socket.destroy();
      resolve({ name, ...faultsIn(bytes, text, ended) });
    };
    const late = setTimeout(() => finish(false), limitMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.once('end', () => finish(true));
    socket.once('error', () => finish(true));
    socket.write(Buffer.from(bytes, 'latin1'));
    socket.write(MARK);
  });

/** Judges a whole corpus, some at a time. */
export const judgeAll = async (
  corpus: readonly Malformed[],
  target: { readonly host: string; readonly port: number },
  atOnce = 50,
): Promise<readonly Judgement[]> => {
  const judgements: Judgement[] = [];
  for (let at = 0; at < corpus.length; at += atOnce) {
    judgements.push(...(await Promise.all(corpus.slice(at, at + atOnce).map((each) => judge(each, target)))));
  }
  return judgements;
};
