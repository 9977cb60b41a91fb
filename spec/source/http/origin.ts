import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server that source specs ask; it counts what it is asked. */
export interface Origin {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** How it answers from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  readonly connections: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Starts a server on a free port of this machine, until the test is over. */
export const openOrigin = async (answer: Origin['answer']): Promise<Origin> => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    origin.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An address of TCP: this server listens on nothing else.
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const origin: Origin = {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    close,
  };
  onTestFinished(close);
  return origin;
};

/** Answers with a text as JSON, known by an ETag, and with 304 to whoever has it. */
export const serveJson =
  (text: () => string): Origin['answer'] =>
  (request, response) => {
    const etag = `"${createHash('sha256').update(text()).digest('base64url')}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', etag }).end(text());
  };
