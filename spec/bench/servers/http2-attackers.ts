/** Clients that flood HTTP/2 sessions, in a process of their own. */
import { connect } from 'node:tls';
import { type Flooded, type FloodKind, flood } from '../../attack/http2-attackers.ts';
import { takeOrders } from '../harness/orders.ts';

export interface FloodOrder {
  readonly kind: FloodKind;
  readonly port: number;
  readonly count: number;
  readonly mostBytes: number;
}

takeOrders({
  /** Floods by so many clients at once; settles when all of them are cut off, or have had enough. */
  flood: ({ kind, port, count, mostBytes }: FloodOrder): Promise<readonly Flooded[]> =>
    Promise.all(
      Array.from({ length: count }, () => {
        const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], rejectUnauthorized: false });
        socket.on('error', () => undefined);
        return flood(socket, kind, mostBytes);
      }),
    ),
});
