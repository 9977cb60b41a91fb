import type { Acceptor } from '../../lib/listener/listener.ts';

/** Answers every connection with a text, in as little HTTP as there is. */
export const saying = (body: string): Acceptor => ({
  accept: (socket) => {
    let asked = '';
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      asked += String(chunk);
      if (!asked.includes('\r\n\r\n')) return;
      asked = '';
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  },
});
