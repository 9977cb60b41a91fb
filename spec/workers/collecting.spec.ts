import { expect, test } from 'vitest';
import type { CollectedStats } from '../../lib/workers/statistics.ts';
import { readStatistics } from '../../lib/workers/statistics-data.ts';
import { readText, type Scraped } from '../metrics/scraping.ts';
import { type Program, startProgram } from './program.ts';

/** Says something, and hears what is said of that type after it. */
const ask = async (program: Program, command: object, type: string): Promise<Readonly<Record<string, unknown>>> => {
  const before = program.said.filter((said) => said.type === type).length;
  program.tell(command);
  return (await program.hearAll(type, before + 1))[before] ?? {};
};

const scrape = async (program: Program): Promise<Scraped> =>
  readText(String((await ask(program, { command: 'scrape' }, 'scraped')).text));

const pidsOf = async (program: Program): Promise<readonly number[]> => {
  const { pids } = await ask(program, { command: 'pids' }, 'pids');
  return Array.isArray(pids) ? pids.map(Number) : [];
};

const count = async (program: Program, slot: number, by: number): Promise<void> => {
  await ask(program, { command: 'count', slot, by }, 'counted');
};

const collect = async (program: Program, timeoutMs = 2_000): Promise<CollectedStats> => {
  const { stats } = await ask(program, { command: 'collect', timeoutMs }, 'collected');
  const read = readStatistics(stats);
  if (read === undefined) throw new Error('these are no statistics');
  return read;
};

const started = async (): Promise<Program> => {
  const program = startProgram('counting-primary.mjs');
  await program.hear('started');
  return program;
};

const counters = ({ values, types }: Scraped): ReadonlyMap<string, number> =>
  new Map([...values].filter(([series]) => types[series.replace(/[{].*$|_(?:sum|count)(?:[{].*)?$/g, '')] !== 'gauge'));

test('no counter goes down when workers are killed between scrapes, nor in a rolling restart', async () => {
  const program = await started();
  const seen: ReadonlyMap<string, number>[] = [];
  const look = async (): Promise<Scraped> => {
    const scraped = await scrape(program);
    seen.push(counters(scraped));
    return scraped;
  };
  await count(program, 0, 5);
  await count(program, 1, 7);
  const first = await look();
  expect(first.value('jobs_total')).toBe(12);
  expect(first.value('sizes_count')).toBe(2);
  expect(first.buckets('sizes')).toEqual(
    new Map([
      ['1', 0],
      ['10', 2],
      ['+Inf', 2],
    ]),
  );
  expect(first.under('own_up')).toEqual(['own_up{worker="0"}', 'own_up{worker="1"}']);

  for (let round = 0; round < 3; round += 1) {
    const before = await pidsOf(program);
    const slot = round % 2;
    process.kill(before[slot] ?? 0, 'SIGKILL');
    let pids = before;
    while (pids.includes(0) || pids[slot] === before[slot]) {
      await look();
      pids = await pidsOf(program);
    }
    await count(program, slot, 1);
  }
  expect((await look()).value('jobs_total')).toBe(15);

  // Both count one more while they leave, and say so before they have left.
  expect((await ask(program, { command: 'restart' }, 'restarted')).report).toMatchObject({ status: 'done' });
  const last = await look();
  expect(last.value('jobs_total')).toBe(17);
  expect(last.value('sluice_workers_contributed_total{name="jobs"}')).toBe(17);
  expect(last.value('sluice_worker_exits_total{crash="true",reason="SIGKILL",worker="0"}')).toBe(2);
  expect(last.value('sluice_worker_exits_total{crash="false",reason="restart",worker="1"}')).toBe(1);
  expect(last.value('sluice_worker_boot_seconds{worker="0"}')).toBeGreaterThan(0);
  expect(last.value('sluice_worker_resident_memory_bytes{worker="1"}')).toBeGreaterThan(1e6);

  const fallen = seen.flatMap((now, index) =>
    [...(seen[index - 1] ?? [])].filter(([series, value]) => !((now.get(series) ?? Number.NaN) >= value)),
  );
  expect(fallen).toEqual([]);
}, 30_000);

test('a worker that stands still is missing, is not zero, and keeps no scrape waiting', async () => {
  const program = await started();
  const [, second = 0] = await pidsOf(program);
  await count(program, 1, 7);
  await scrape(program);
  process.kill(second, 'SIGSTOP');
  const { value, under } = await scrape(program);
  expect(value('jobs_total')).toBe(7);
  expect(under('own_up')).toEqual(['own_up{worker="0"}']);
  expect(under('sluice_worker_missing').map((series) => value(series))).toEqual([0, 1]);
  expect(await collect(program, 100)).toMatchObject({ missing: [1], complete: false, counters: { jobs: 7 } });
  process.kill(second, 'SIGCONT');
  let stats = await collect(program);
  while (!stats.complete) stats = await collect(program);
  expect((await scrape(program)).under('own_up')).toHaveLength(2);
}, 30_000);

test('any worker can say what all of them did', async () => {
  const program = await started();
  await count(program, 0, 2);
  await count(program, 1, 3);
  const { body } = await ask(program, { command: 'count', slot: 1, by: 0 }, 'counted');
  expect(readStatistics(body)).toMatchObject({
    total: 2,
    active: 2,
    counters: { jobs: 5 },
    missing: [],
    complete: true,
  });
}, 30_000);

test('what workers count while they stop is in the numbers afterwards, and nothing keeps the primary', async () => {
  const program = await started();
  await count(program, 0, 4);
  const { stats } = await ask(program, { command: 'stop' }, 'stopped');
  expect(stats).toMatchObject({ counters: { jobs: 6 }, shuttingDown: true, active: 0 });
  expect(await program.ended).toBe(0);
}, 30_000);
