import { randomInt } from 'node:crypto';
import { request as askBy } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { balance, createPool, type Pool, type PoolServer } from '../../lib/pool.ts';
import { createAccountingClient } from '../accounting/accounting-client.ts';
import { createLog, eventually } from '../server/serving.ts';

const MEMBERS = ['a', 'b', 'c', 'd'] as const;

/** What a member has done, by the `x-id` of the request: how often. */
type Ledger = Map<string, number>;

interface Site {
  readonly pool: Pool;
  readonly members: readonly PoolServer[];
  readonly front: PoolServer;
  readonly log: ReturnType<typeof createLog>;
  readonly done: Ledger;
}

/** Four members and a balancer in front of them, in one pool. */
const site = async (): Promise<Site> => {
  const log = createLog();
  const done: Ledger = new Map();
  const pool = createPool({ logger: log });
  onTestFinished(() => pool[Symbol.asyncDispose]());
  const members: PoolServer[] = [];
  for (const name of MEMBERS) {
    const app = async (request: Request): Promise<Response> => {
      const id = request.headers.get('x-id');
      if (id !== null) done.set(id, (done.get(id) ?? 0) + 1);
      // Long enough for several to be under way at once.
      await new Promise((resolve) => setTimeout(resolve, 1));
      return new Response(name);
    };
    members.push(await pool.storeNew({ name: `member-${name}`, listen: '127.0.0.1:0', app }));
  }
  const routes = [{ path: '/*', proxy: balance(pool.filter('name', { glob: 'member-*' }), { by: 'least-in-flight' }) }];
  const front = await pool.storeNew({ name: 'front', listen: '127.0.0.1:0', routes });
  await pool.start();
  return { pool, members, front, log, done };
};

/** Asks without end, one request after the other, and knows what became of each. */
const posting = (front: PoolServer) => {
  const fates = new Map<string, number | 'broken'>();
  let isOver = false;
  const post = (id: string): Promise<number | 'broken'> =>
    new Promise((resolve) => {
      const asked = askBy(`http://${front.bind}/`, { method: 'POST', headers: { 'x-id': id } }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      asked.once('error', () => resolve('broken'));
      asked.end('body');
    });
  const run = async (): Promise<void> => {
    for (let count = 0; !isOver; count += 1) fates.set(`post-${count}`, await post(`post-${count}`));
  };
  const running = run();
  return {
    stop: async () => {
      isOver = true;
      await running;
      return fates;
    },
  };
};

const drain = async (member: PoolServer): Promise<void> => {
  await member.stop();
  await member.start();
};

const kill = async (member: PoolServer): Promise<void> => {
  await member.stop({ drainTimeoutMs: 0 });
  await member.start();
};

const restart = (member: PoolServer): Promise<void> => member.restart();

const errorsOf = ({ log }: Site): readonly unknown[] => log.lines.filter(({ level }) => level === 'error');

const under = async (
  at: Site,
  rounds: number,
  acts: readonly ((member: PoolServer) => Promise<void>)[],
): Promise<{ readonly posted: ReadonlyMap<string, number | 'broken'>; readonly seen: ReadonlySet<string> }> => {
  let answered = 0;
  const seen = new Set<string>();
  const client = createAccountingClient({
    address: () => at.front.bind,
    mode: 'keep-alive',
    connections: 16,
    limitMs: 10_000,
    check: ({ status, body }) => {
      answered += 1;
      seen.add(body.toString());
      return status === 200;
    },
  });
  const posts = posting(at.front);
  client.start();
  for (let round = 0; round < rounds; round += 1) {
    const before = answered;
    // One after the other, in the middle of the load, and each under requests that have not met the one before.
    await eventually(() => answered > before + 100);
    const member = at.members[randomInt(at.members.length)];
    const act = acts[round % acts.length];
    if (member !== undefined) await act?.(member);
  }
  const report = await client.stop();
  const posted = await posts.stop();
  expect(errorsOf(at).filter((line) => !JSON.stringify(line).includes('"method":"POST"'))).toEqual([]);
  expect(report).toMatchObject({ bad: 0, lost: 0, torn: 0, hung: 0, refused: 0 });
  expect(report.answered).toBe(report.written);
  return { posted, seen };
};

test('members that are drained and restarted under load lose nobody a request, not even one that cannot be repeated', {
  timeout: 60_000,
}, async () => {
  const at = await site();
  const { posted, seen } = await under(at, 12, [drain, restart]);
  expect([...seen].toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(new Set(posted.values())).toEqual(new Set([200]));
  expect(new Set(at.done.values())).toEqual(new Set([1]));
});

test('members that are killed as well lose nobody a request that may be repeated, and do no other one twice', {
  timeout: 60_000,
}, async () => {
  const at = await site();
  const { posted } = await under(at, 30, [kill, restart, kill, drain]);
  const fates = [...posted.values()];
  expect(fates.filter((fate) => fate !== 200 && fate !== 502)).toEqual([]);
  expect(fates.filter((fate) => fate === 200).length).toBeGreaterThan(fates.length / 2);
  expect(new Set(at.done.values())).toEqual(new Set([1]));
});
