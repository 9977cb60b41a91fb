/** Finding servers of a pool: by address, and by what they are called. */
import { createPool, type Pool, type PoolMatch } from '../../../lib/pool.ts';
import { takeOrders } from '../harness/orders.ts';
import { quietLogger } from '../harness/quiet.ts';

const answer = (): Response => new Response('ok');

const nameOf = (n: number): string => `${n % 3 === 0 ? 'api' : 'web'}-${n}.tenant-${n % 7}`;

const poolOf = (size: number, listen: (n: number) => string): Pool =>
  createPool(
    { handler: answer, logger: quietLogger },
    ...Array.from({ length: size }, (_, n) => ({ name: nameOf(n), listen: listen(n) })),
  );

/** What reads a result, so that nobody may leave the work out. */
let sink = 0;

const nsPer = (times: number, work: (n: number) => unknown): number => {
  const startedAt = performance.now();
  for (let n = 0; n < times; n += 1) if (work(n) !== undefined) sink += 1;
  return ((performance.now() - startedAt) * 1e6) / times;
};

export interface Loads {
  /** The pool, and a plain `Map` from the same keys. */
  readonly loadNs: number;
  readonly mapNs: number;
  /** An address that is written otherwise, and one that nobody has. */
  readonly spelledNs: number;
  readonly unknownNs: number;
}

const load = async ({ size, times }: { readonly size: number; readonly times: number }): Promise<Loads> => {
  const pool = poolOf(size, (n) => `[::1]:${20_000 + n}`);
  // In no order that a cache of the processor could guess, the same for both.
  const keys = Array.from({ length: times }, () => `[::1]:${20_000 + Math.floor(Math.random() * size)}`);
  const spelled = keys.map((key) => key.replace('::', '0:0::'));
  const map = new Map(pool);
  // A text keeps its hash once it was looked up: whoever comes first would pay for all.
  for (const key of [...keys, ...spelled]) map.get(key);
  const result = {
    mapNs: nsPer(times, (n) => map.get(keys[n] ?? '')),
    loadNs: nsPer(times, (n) => pool.load(keys[n] ?? '')),
    spelledNs: nsPer(times, (n) => pool.load(spelled[n] ?? '')),
    unknownNs: nsPer(times, (n) => pool.load(`127.0.0.1:${n % 60_000}`)),
  };
  await pool[Symbol.asyncDispose]();
  return result;
};

/** The same question in every way it can be put. */
const MATCHES = {
  RegExp: { pattern: /^api-\d+\.tenant-[0-3]/ },
  'text, by RE2': { pattern: '^api-[0-9]+\\.tenant-[0-3]' },
  'text that stalls a backtracking engine': { pattern: '^((a|p|i)+-?)+[0-9]+\\.tenant-[0-3]$' },
  glob: { glob: 'api-*.tenant-?' },
  exact: { exact: 'api-0.tenant-0' },
  'own code': { where: ({ name }) => name.startsWith('api-') },
} satisfies Readonly<Record<string, PoolMatch>>;

export type Way = keyof typeof MATCHES;

export interface Filters {
  readonly found: number;
  /** Milliseconds from the question to a list of those found, compiling included. */
  readonly ms: number;
}

export interface Filtered {
  readonly plain: Filters;
  readonly ways: Readonly<Record<string, Filters>>;
}

const timed = (times: number, work: () => readonly unknown[]): Filters => {
  let found = 0;
  const startedAt = performance.now();
  for (let n = 0; n < times; n += 1) found = work().length;
  return { found, ms: (performance.now() - startedAt) / times };
};

const filter = async (order: { readonly size: number; readonly times: number; readonly started: boolean }) => {
  const { size, times, started } = order;
  const pool = poolOf(size, (n) => (started ? '127.0.0.1:0' : `127.0.0.1:${20_000 + n}`));
  if (started) await pool.start();
  const plain = Array.from(pool.values(), ({ name, bind }) => ({ name, bind }));
  const result: Filtered = {
    plain: timed(times, () => {
      const pattern = /^api-\d+\.tenant-[0-3]/;
      return plain.filter(({ name }) => pattern.test(name));
    }),
    ways: Object.fromEntries(
      Object.entries(MATCHES).map(([way, match]) => [way, timed(times, () => pool.filter('name', match).snapshot())]),
    ),
  };
  await pool.stop({ drainTimeoutMs: 0 });
  await pool[Symbol.asyncDispose]();
  return result;
};

takeOrders({ load, filter, sink: () => sink });
