import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResponseReader } from '../../accounting/response-reader.ts';

/** One address and the text it answers with. */
export interface Site {
  readonly port: number;
  readonly body: string;
}

/** Something that serves sites and can be told to serve others: this library, and what it is compared with. */
export interface Peer {
  /** Asks for these sites instead; settles when the peer says so, which may be before or after it is true. */
  change(sites: readonly Site[]): Promise<void>;
  stop(): Promise<void>;
}

export type StartPeer = (sites: readonly Site[], cpu: number) => Promise<Peer>;

/** A folder for a peer's files, gone at the end of the process at the latest. */
export const scratchFolder = (name: string): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', remove);
  return { path, remove };
};

/** One GET on a connection of its own; undefined while nothing answers. */
export const bodyAt = (port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const reader = createResponseReader();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const finish = (body: string | undefined): void => {
      resolve(body);
      socket.destroy();
    };
    socket.once('connect', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'));
    socket.on('data', (chunk) => {
      if (reader.push(chunk) === 'whole') finish(reader.answer().body);
    });
    socket.once('end', () => finish(reader.end() === 'whole' ? reader.answer().body : undefined));
    socket.once('error', () => finish(undefined));
    socket.setTimeout(2000, () => finish(undefined));
  });

/** Settles when a site answers as it should; gives up after `limitMs`. */
export const answering = async ({ port, body }: Site, limitMs = 20_000): Promise<void> => {
  const since = performance.now();
  while ((await bodyAt(port)) !== body) {
    if (performance.now() - since > limitMs) throw new Error(`127.0.0.1:${port} does not answer ${body}`);
  }
};

/** Every site answers. */
export const allAnswering = async (sites: readonly Site[]): Promise<void> => {
  for (const site of sites) await answering(site);
};
