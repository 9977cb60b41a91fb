// An answer that lasts ends itself when its server is told to leave, instead of being cut at the deadline.
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { createCluster, drainSignal } from 'sluice';

// #region main
const app = new Hono().get('/events', (c) =>
  streamSSE(c, async (stream) => {
    const leaving = drainSignal(c.env);
    await stream.writeSSE({ data: 'hello' });
    await new Promise((resolve) => leaving.addEventListener('abort', resolve));
    await stream.writeSSE({ event: 'bye', data: 'come back in a moment', retry: 1_000 });
  }),
);
// #endregion

const cluster = createCluster();
await cluster.start();
await cluster.apply({ events: { listen: '127.0.0.1:0', app } });

const response = await fetch(`${cluster.snapshot.servers.events?.url}/events`);
const stopping = cluster.stop();
console.log((await response.text()).trim());
const { cut } = await stopping;
console.log(`${cut} connections were cut`);

// prints:
// data: hello
//
// event: bye
// data: come back in a moment
// retry: 1000
// 0 connections were cut
