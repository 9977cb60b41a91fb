import type { Socket } from 'node:net';
import { rawBackend } from './backend.ts';

/** A request as it came over the wire, read by the letter. */
export interface Read {
  readonly start: string;
  readonly lines: readonly string[];
  readonly body: string;
}

/** Whole requests at the start of a text, and where the next one begins. Throws on anything that could be read otherwise. */
export const readRequests = (text: string): { readonly requests: readonly Read[]; readonly end: number } => {
  const requests: Read[] = [];
  for (let at = 0; ; ) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return { requests, end: at };
    const [start = '', ...lines] = text.slice(at, headEnd).split('\r\n');
    if (!/^[A-Z]+ \/[!-~]* HTTP\/1\.1$/.test(start)) throw new Error(`no request line: ${JSON.stringify(start)}`);
    for (const line of lines) {
      if (!/^[\w!#$%&'*+.^`|~-]+: [\t\x20-\x7e\x80-\xff]*$/.test(line)) {
        throw new Error(`no header line: ${JSON.stringify(line)}`);
      }
    }
    const named = (name: string): readonly string[] =>
      lines.filter((line) => line.toLowerCase().startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
    const [length, ...lengths] = named('content-length');
    const [coding, ...codings] = named('transfer-encoding');
    if (lengths.length + codings.length > 0) throw new Error(`framed twice: ${lines}`);
    if (length !== undefined && coding !== undefined) throw new Error(`framed in two ways: ${lines}`);
    if (named('host').length !== 1) throw new Error(`not one host: ${lines}`);
    if (coding !== undefined && coding !== 'chunked') throw new Error(`framed as ${coding}`);
    if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`as long as ${length}`);
    let next = headEnd + 4;
    let body = '';
    if (coding === undefined) {
      body = text.slice(next, next + Number(length ?? 0));
      if (body.length < Number(length ?? 0)) return { requests, end: at };
      next += body.length;
    } else {
      for (;;) {
        const [line, size] = /^([\da-f]+)\r\n/.exec(text.slice(next, next + 20)) ?? [];
        if (line === undefined || size === undefined) return { requests, end: at };
        const bytes = Number.parseInt(size, 16);
        const chunk = text.slice(next + line.length, next + line.length + bytes + 2);
        if (chunk.length < bytes + 2) return { requests, end: at };
        if (!chunk.endsWith('\r\n')) throw new Error('a chunk that does not end');
        next += line.length + bytes + 2;
        if (bytes === 0) break;
        body += chunk.slice(0, -2);
      }
    }
    requests.push({ start, lines, body });
    at = next;
  }
};

/** Reads requests by the letter and answers with their paths. */
export const strictBackend = async () => {
  const faults: string[] = [];
  const seen: Read[] = [];
  const done = new WeakMap<Socket, number>();
  const raw = await rawBackend((socket, text) => {
    const start = done.get(socket) ?? 0;
    try {
      const { requests, end } = readRequests(text.slice(start));
      done.set(socket, start + end);
      for (const request of requests) {
        seen.push(request);
        const path = request.start.split(' ')[1] ?? '';
        const length = `Content-Length: ${path.length}\r\n\r\n`;
        socket.write(`HTTP/1.1 200 OK\r\n${length}${request.start.startsWith('HEAD') ? '' : path}`);
      }
    } catch (error) {
      faults.push(String(error));
      socket.destroy();
    }
  });
  return { ...raw, seen, faults };
};
