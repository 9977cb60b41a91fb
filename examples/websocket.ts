// A chat room: what one client says, all of them hear. When the server leaves, everybody is told.
import { once } from 'node:events';
import { ignoreElements, map, merge, Subject, tap } from 'rxjs';
import { createCluster, webSocket } from 'sluice';
import { WebSocket } from 'ws';

// #region main
const said$ = new Subject<string>();

const room = webSocket(
  ({ request, messages$ }) => {
    const name = request.url?.slice(1) ?? 'nobody';
    const heard$ = messages$.pipe(
      map((text) => `${name}: ${text}`),
      tap((line) => said$.next(line)),
      ignoreElements(),
    );
    return merge(said$, heard$); // what is emitted here is sent to this client
  },
  { maxMessageBytes: 4_096, maxBufferedBytes: 65_536 },
);

const cluster = createCluster();
await cluster.start();
await cluster.apply({ chat: { listen: '127.0.0.1:0', routes: [], upgrade: room } });
// #endregion

const join = async (name: string): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://${cluster.snapshot.servers.chat?.address}/${name}`);
  await once(socket, 'open');
  return socket;
};

const [ann, bob] = await Promise.all([join('ann'), join('bob')]);
const heard = Promise.all([once(ann, 'message'), once(bob, 'message')]);
ann.send('hello');
for (const [data] of await heard) console.log(String(data));

const closed = once(bob, 'close');
const stopping = cluster.stop();
const [code, reason] = await closed;
console.log(`${code} ${reason}`);
const { cut } = await stopping;
console.log(`${cut} connections were cut`);

// prints:
// ann: hello
// ann: hello
// 1001 going away
// 0 connections were cut
