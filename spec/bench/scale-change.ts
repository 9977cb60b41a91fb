import { defineBench, type Finding, MissingPeerError } from './harness/bench.ts';
import { SERVER_CPU, startChild } from './harness/child.ts';
import { freePorts, watchOthers } from './harness/machine.ts';
import { median, ratio, round, spread } from './harness/statistics.ts';
import { startCaddy } from './peers/caddy.ts';
import { startNginx } from './peers/nginx.ts';
import { answering, type Site, type StartPeer } from './peers/peer.ts';
import { startSluice, startSluiceByWhole } from './peers/sluice.ts';
import type { Changed, ScaleSetting, Started } from './servers/scale.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const scaleChild = (host: ScaleSetting['host']) =>
  startChild('scale', { host } satisfies ScaleSetting, { cpu: SERVER_CPU, nodeFlags: ['--expose-gc'] });

/** How long one process takes to start so many servers by hand. */
const startMs = async (host: ScaleSetting['host'], servers: number): Promise<number> => {
  const child = await scaleChild(host);
  const { ms } = (await child.ask('start', servers)) as Started;
  await child.end();
  return ms;
};

const changed = async (servers: number, times: number): Promise<Changed> => {
  const child = await scaleChild('sluice');
  await child.ask('start', servers);
  const result = (await child.ask('change', times)) as Changed;
  await child.end();
  return result;
};

interface Contender {
  readonly name: string;
  readonly start: StartPeer;
  readonly gapMs: number;
}

const CONTENDERS: readonly Contender[] = [
  { name: 'sluice', start: startSluice, gapMs: 20 },
  { name: 'sluice, again (A/A)', start: startSluice, gapMs: 20 },
  { name: 'sluice, told its whole configuration', start: startSluiceByWhole, gapMs: 20 },
  { name: 'caddy POST /load', start: startCaddy, gapMs: 100 },
  { name: 'nginx -s reload', start: startNginx, gapMs: 300 },
];

/** From the request of a change to the first new answer of the changed site, asked on new connections. */
const effects = async ({ start, gapMs }: Contender, servers: number, times: number): Promise<readonly number[]> => {
  const ports = await freePorts(servers);
  let sites: readonly Site[] = ports.map((port) => ({ port, body: 'first' }));
  const peer = await start(sites, SERVER_CPU);
  try {
    const ms: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const index = (n * 37) % servers;
      const site = { port: ports[index] ?? 0, body: `changed${n}` };
      sites = sites.map((old, at) => (at === index ? site : old));
      const since = performance.now();
      await peer.change(sites);
      await answering(site);
      ms.push(performance.now() - since);
      await sleep(gapMs);
    }
    return ms;
  } finally {
    await peer.stop();
  }
};

/** One server of many gets another handler. */
export const scaleChange = defineBench({
  name: 'scale-change',
  title: 'Changing one of many servers',
  parameters: { changes: 40, servers: 1000 },
  run: async ({ changes, servers }) => {
    const others = watchOthers();
    const sizes = [10, 100, servers];
    const inside = new Map<number, Changed>();
    for (const size of sizes) inside.set(size, await changed(size, changes));
    const plain: number[] = [];
    const plainAgain: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      plain.push(await startMs('plain', servers));
      plainAgain.push(await startMs('plain', servers));
    }

    const outside = new Map<string, readonly number[]>();
    const missing: string[] = [];
    for (const contender of CONTENDERS) {
      try {
        outside.set(contender.name, await effects(contender, servers, Math.ceil(changes / 2)));
      } catch (cause) {
        if (!(cause instanceof MissingPeerError)) throw cause;
        missing.push(cause.message);
      }
    }

    const msOf = (size: number): readonly number[] => inside.get(size)?.ms ?? [];
    const touched = [...inside.values()].flatMap((result) => result.touched);
    const most = Math.max(...touched);
    const one = median(msOf(servers));
    const toPlain = one / median(plain);
    const own = median(outside.get('sluice') ?? []);
    const faster = (peer: string): Finding => {
      const factor = median(outside.get(peer) ?? []) / own;
      return { target: `≥ 20 × faster than ${peer}`, measured: `${round(factor)} ×`, met: factor >= 20 };
    };
    const growth = one / median(msOf(10));
    const findings: readonly Finding[] = [
      { target: 'a change touches 1 server', measured: `at most ${most}`, met: most === 1 },
      {
        target: `≤ 1/20 of starting ${servers} plain node:http servers`,
        measured: `1/${round(1 / toPlain)}`,
        met: toPlain <= 1 / 20,
      },
      faster('caddy POST /load'),
      faster('nginx -s reload'),
      { target: `time at ${servers} ≤ 2 × time at 10`, measured: ratio(growth), met: growth <= 2 },
    ];
    return {
      tables: [
        {
          caption: 'In the process itself, from push to outcome',
          columns: ['', 'ms', 'ratio', 'servers touched'],
          rows: [
            [`start ${servers} plain node:http servers`, spread(plain), ratio(1), '–'],
            ['the same, again (A/A)', spread(plainAgain), ratio(median(plainAgain) / median(plain)), '–'],
            ...sizes.map((size) => [
              `sluice: change 1 of ${size}`,
              spread(msOf(size)),
              ratio(median(msOf(size)) / median(plain)),
              String(Math.max(...(inside.get(size)?.touched ?? []))),
            ]),
          ],
        },
        {
          caption: `From outside, ${servers} sites: request of the change to the first new answer on a new connection`,
          columns: ['', 'ms', 'peer / sluice'],
          rows: [...outside].map(([name, ms]) => [name, spread(ms), `${round(median(ms) / own)} ×`]),
        },
      ],
      findings,
      notes: [
        'From outside, caddy is posted its whole configuration as JSON, and nginx reads it from a file, as their interfaces want it. The library’s interface is a function: the process that uses it is told which site changes and pushes the whole configuration to its cluster, or, in the row that says so, is told the whole configuration. Messages and the GET are part of the time.',
        `Other programs used ${round(others())} CPU.`,
      ],
      missing,
      data: { inside: Object.fromEntries(inside), plain, plainAgain, outside: Object.fromEntries(outside) },
    };
  },
});
