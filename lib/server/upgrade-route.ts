import type { Handler } from 'hono';
import type { UpgradeHandler } from '../config/server-config.ts';
import { alreadySent } from './http/already-sent.ts';
import { Answer } from './http/answer.ts';
import { bindingsOf } from './http/bindings.ts';
import { type Handover, handoverOf } from './http/handover.ts';
import { isThenable } from './http/result.ts';

/** What clients are told that ask for a page where there is none (RFC 9110 §15.5.22). */
const upgradeRequired = (): Response =>
  new Response('Upgrade Required', { status: 426, headers: { upgrade: 'websocket', connection: 'upgrade' } });

const takeOver = (upgrade: UpgradeHandler, { connection, head, take }: Handover, { req }: Answer): void => {
  const socket = take('websocket');
  const fail = (error: unknown): void => {
    connection.server.failed(error, req);
    socket.destroy();
  };
  try {
    const result: unknown = upgrade(req, socket, Buffer.from(head));
    if (isThenable(result)) result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
};

/** Hands connections whose clients ask for a WebSocket to a function; middleware in front of it has its say first. */
export const upgradeRoute = (upgrade: UpgradeHandler): Handler => {
  const sent = alreadySent();
  return (c) => {
    const outgoing: unknown = bindingsOf(c.env)?.outgoing;
    const handover = outgoing instanceof Answer ? handoverOf(outgoing) : undefined;
    if (handover === undefined || !(outgoing instanceof Answer)) return upgradeRequired();
    takeOver(upgrade, handover, outgoing);
    return sent;
  };
};
