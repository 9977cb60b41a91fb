/** Four members of a pool and one server that passes requests on to them: what `balancer` asks. */
import type { Balance, Logger } from '../../../lib/index.ts';
import { balance, createPool, type PoolServer } from '../../../lib/pool.ts';
import { setting, takeOrders } from '../harness/orders.ts';

export interface PoolBalancerSetting {
  readonly port: number;
  readonly members: readonly string[];
  /** `static`: a proxy over a list of the same members. */
  readonly by: Balance | 'static';
  /** Milliseconds a member takes for an answer. */
  readonly workMs: number;
}

/** What is done to a member. */
export type Act = 'drain' | 'kill' | 'restart';

/** What the balancer has seen. */
export interface PoolBalancerReport {
  readonly errors: readonly string[];
  /** Requests with an id that a member has seen more than once. */
  readonly twice: number;
}

const { port, members: names, by, workMs } = setting() as PoolBalancerSetting;

const errors: string[] = [];
const nothing = (): void => undefined;
const logger: Logger = {
  error: (message, details) => {
    const text = JSON.stringify(details, (_, value) => (value instanceof Error ? value.message : value));
    // One whose connection ended under a request that may have been done is not for the balancer to repeat.
    if (!text?.includes('"method":"POST"')) errors.push(`${message} ${text}`);
  },
  warn: nothing,
  info: nothing,
  debug: nothing,
};

const seen = new Map<string, number>();
const count = (id: string | null): void => {
  if (id !== null) seen.set(id, (seen.get(id) ?? 0) + 1);
};

const pool = createPool({ logger });
const members: PoolServer[] = [];
for (const name of names) {
  const app =
    workMs === 0
      ? (): Response => new Response(name)
      : async (request: Request): Promise<Response> => {
          count(request.headers.get('x-id'));
          await new Promise((resolve) => setTimeout(resolve, workMs));
          return new Response(name);
        };
  members.push(await pool.storeNew({ name: `member-${name}`, listen: '127.0.0.1:0', app }));
}
await pool.start();
const proxy =
  by === 'static'
    ? { targets: members.map(({ url }) => url) }
    : balance(pool.filter('name', { glob: 'member-*' }), { by });
const front = await pool.storeNew({ name: 'front', listen: `127.0.0.1:${port}`, routes: [{ path: '/*', proxy }] });
await front.start();

takeOrders({
  act: async ({ act, member: index }: { readonly act: Act; readonly member: number }) => {
    const member = members[index];
    if (member === undefined) throw new Error(`no member ${index}`);
    if (act === 'restart') {
      await member.restart();
      return;
    }
    await member.stop(act === 'kill' ? { drainTimeoutMs: 0 } : {});
    await member.start();
  },
  report: (): PoolBalancerReport => ({ errors, twice: [...seen.values()].filter((times) => times > 1).length }),
});
