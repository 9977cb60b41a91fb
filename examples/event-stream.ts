// Server-sent events from an Observable: a client that comes back goes on where it stopped.
import { Hono } from 'hono';
import { concat, map, NEVER, of, range } from 'rxjs';
import { createCluster, eventStream } from 'sluice';

// #region main
const app = new Hono().get('/prices', (c) =>
  eventStream(
    c,
    ({ lastEventId }) => {
      const next = Number(lastEventId ?? 0) + 1;
      const missed$ = range(next, 4 - next).pipe(map((n) => ({ id: String(n), data: { price: n * 10 } })));
      const live$ = NEVER; // in life: a Subject, a NATS subject, a watched table …
      return concat(missed$, of({ event: 'caught-up', data: 'now' }), live$);
    },
    { retryMs: 500, heartbeatMs: 10_000, maxBufferedBytes: 262_144 },
  ),
);
// #endregion

const cluster = createCluster();
await cluster.start();
await cluster.apply({ prices: { listen: '127.0.0.1:0', app } });

const url = `${cluster.snapshot.servers.prices?.url}/prices`;
const response = await fetch(url, { headers: { 'last-event-id': '1' } });
const stopping = cluster.stop(); // ends every stream, and says when to come back
const lines = (await response.text()).split('\n').filter((line) => !line.startsWith('retry:') && line !== '');
console.log(lines.join('\n'));
const { cut } = await stopping;
console.log(`${cut} connections were cut`);

// prints:
// id: 2
// data: {"price":20}
// id: 3
// data: {"price":30}
// event: caught-up
// data: now
// 0 connections were cut
