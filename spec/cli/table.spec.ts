import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineWidth } from '../../lib/cli/live-block.ts';
import { plain } from '../../lib/cli/paint.ts';
import { layout, type TableView } from '../../lib/cli/table.ts';
import type { TlsSnapshot } from '../../lib/cluster/snapshot.ts';
import { anySnapshot, anyWorkers, cluster, health, onWorkers, server, worker } from './snapshots.ts';

const draw = (view: Partial<TableView>, width: number, height = 24): readonly string[] =>
  layout({ file: 'sluice.config.json', snapshot: undefined, problems: 0, ...view }, { width, height }).map(plain);

const anyView = fc.record({
  file: fc.string({ unit: 'binary' }),
  snapshot: fc.oneof(
    fc.constant(undefined),
    anySnapshot,
    fc
      .record({ snapshot: anySnapshot, workers: anyWorkers })
      .map(({ snapshot, workers }) => ({ ...snapshot, workers })),
  ),
  problems: fc.nat(3),
});

describe('for any cluster', () => {
  test('no line is wider than the terminal, and there are no more lines than it has', () => {
    fc.assert(
      fc.property(anyView, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 30 }), (view, width, height) => {
        const lines = layout(view, { width, height });
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(lineWidth(line), plain(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 1_000 },
    );
  });

  test('from 20 columns on every row shows at least the beginning of the id, and the state in full', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w.-]{1,64}$/), fc.integer({ min: 20, max: 200 }), (id, width) => {
        const [, , row = ''] = draw({ snapshot: cluster([server(id, { state: 'draining' })]) }, width);
        expect(row.startsWith(id.slice(0, 6))).toBe(true);
        expect(row).toContain('draining');
      }),
    );
  });
});

const site = cluster([
  server('web', { connections: 12, inFlight: 3, uptimeMs: 65_000 }),
  server('admin', { url: 'http://127.0.0.1:8081', address: '127.0.0.1:8081', uptimeMs: 65_000 }),
]);

describe('what is shown', () => {
  test('everything, when there is room', () => {
    expect(draw({ snapshot: site }, 80)).toEqual([
      'sluice  Running  2 servers  sluice.config.json  revision 1',
      'ID     STATE    ADDRESS                CONNS  IN-FLIGHT  UPTIME',
      'web    running  http://127.0.0.1:8080     12          3  1m 05s',
      'admin  running  http://127.0.0.1:8081      0          0  1m 05s',
    ]);
  });

  test('how servers are and where that goes, when any of them is looked after, and why', () => {
    const servers = [
      server('web', { health: health('ok') }),
      server('shop', { health: health('down', { message: 'nobody listens on 127.0.0.1:8082' }) }),
      server('feed', { health: health('warn', { rising: true }) }),
      server('mail', { health: health('ok', { falling: true, message: 'no answer within 5000 ms' }) }),
      server('new', { health: health('down', { checks: 0, message: 'not checked yet' }) }),
      server('admin'),
    ];
    expect(draw({ snapshot: cluster(servers) }, 110).slice(1)).toEqual([
      'ID     STATE    HEALTH  ADDRESS                CONNS  IN-FLIGHT  UPTIME  NOTE',
      'web    running  ok      http://127.0.0.1:8080      0          0      1s',
      'shop   running  down    http://127.0.0.1:8080      0          0      1s  nobody listens on 127.0.0.1:8082',
      'feed   running  warn ↑  http://127.0.0.1:8080      0          0      1s',
      'mail   running  ok ↓    http://127.0.0.1:8080      0          0      1s  no answer within 5000 ms',
      'new    running  …       http://127.0.0.1:8080      0          0      1s',
      'admin  running          http://127.0.0.1:8080      0          0      1s',
    ]);
  });

  test('why a server that is down is not restarted any more', () => {
    const error = new Error('it is left alone');
    const down = server('web', { health: health('down', { message: 'no answer' }), error });
    expect(draw({ snapshot: cluster([down]) }, 100)[2]).toContain('it is left alone');
  });

  test('those that are down come first when there is no room for all', () => {
    const many = Array.from({ length: 9 }, (_, index) => server(`s${index}`));
    const servers = [...many, server('ill', { health: health('down') })];
    expect(draw({ snapshot: cluster(servers) }, 80, 5)[2]).toMatch(/^ill /);
  });

  test('columns are dropped before anything is cut short, the least urgent first', () => {
    const heads = [70, 60, 50, 40, 34, 20].map((width) => draw({ snapshot: site }, width)[1]?.split(/ +/).join(' '));
    expect(heads).toEqual([
      'ID STATE ADDRESS CONNS IN-FLIGHT UPTIME',
      'ID STATE ADDRESS CONNS IN-FLIGHT',
      'ID STATE ADDRESS CONNS',
      'ID STATE ADDRESS',
      'ID STATE ADDRESS',
      'ID STATE',
    ]);
  });

  test('an address without its scheme before an address without its port', () => {
    expect(draw({ snapshot: site }, 34)[2]).toBe('web    running  127.0.0.1:8080');
  });

  test('restarts and errors have a column as soon as there are any', () => {
    const failed = server('api', { state: 'failed', restarts: 5, error: new Error('the socket failed\u001b[2J') });
    expect(draw({ snapshot: cluster([failed], { degraded: true }) }, 120)).toEqual([
      'sluice  Running, degraded  1 server  sluice.config.json  revision 1',
      'ID   STATE   ADDRESS                CONNS  IN-FLIGHT  RESTARTS  NOTE',
      'api  failed  http://127.0.0.1:8080      0          0         5  the socket failed\\u{1b}[2J',
    ]);
  });

  test.each<[object, string]>([
    [{ state: 'valid', validTo: 90 * 86_400_000 }, ''],
    [{ state: 'expiring', validTo: 10.5 * 86_400_000 }, 'certificate expires in 10 days'],
    [{ state: 'expiring', validTo: 86_400_000 / 2 }, 'certificate expires in less than a day'],
    [{ state: 'expired', validTo: -1 }, 'certificate has expired'],
    [{ state: 'valid', validTo: 1, error: new Error('no key') }, 'certificate not renewed: no key'],
    [
      { state: 'expired', validTo: -1, error: new Error('no key') },
      'certificate has expired; certificate not renewed: no key',
    ],
  ])('of the certificate %j the note is %j', (status, note) => {
    const tls = { names: [], fingerprint: '', failedHandshakes: 0, ...status } as unknown as TlsSnapshot;
    const [, head = '', row = ''] = draw({ now: 0, snapshot: cluster([server('web', { tls })]) }, 140);
    expect(head.endsWith('NOTE')).toBe(note !== '');
    expect(row.replace(/^.* 1s( {2})?/, '')).toBe(note);
  });

  test('generations that still drain are rows of their own', () => {
    const draining = [{ server: 'web', address: '127.0.0.1:9090', connections: 4, since: 1 }];
    expect(draw({ snapshot: cluster([server('web')], { draining }) }, 80).slice(2)).toEqual([
      'web  running   http://127.0.0.1:8080      0          0      1s',
      'web  draining  127.0.0.1:9090             4',
    ]);
  });

  test('with too few lines, what is not running comes first and the rest is counted', () => {
    const many = Array.from({ length: 30 }, (_, index) => server(`s${index}`, index === 20 ? { state: 'failed' } : {}));
    const lines = draw({ snapshot: cluster(many) }, 80, 6);
    expect(lines).toHaveLength(6);
    expect(lines[2]).toMatch(/^s20 +failed/);
    expect(lines[5]).toBe('… and 27 more');
  });

  test('what is wrong with the file, and what is not in force, stand in the title', () => {
    expect(draw({ problems: 2, snapshot: cluster([], { revision: { desired: 3, applied: 2 } }) }, 120)).toEqual([
      'sluice  Running  0 servers  sluice.config.json  2 problems  revision 2, 3 is not in force',
    ]);
    expect(
      draw(
        {
          file: 'deploy/production/eu-west-1/sluice.config.json',
          problems: 1,
          snapshot: cluster([], { revision: { desired: 3, applied: 2 } }),
        },
        80,
      ),
    ).toEqual(['sluice  Running  0 servers  …nfig.json  1 problem  revision 2, 3 is not in force']);
    expect(draw({}, 80)).toEqual(['sluice  waiting for  sluice.config.json']);
  });
});

describe('workers', () => {
  const two = onWorkers([server('web', { connections: 14, inFlight: 2, uptimeMs: 65_000 })], [worker(0), worker(1)]);

  test('stand below the servers', () => {
    expect(draw({ snapshot: two }, 80)).toEqual([
      'sluice  Running  1 server  2 workers  sluice.config.json  revision 1',
      'ID   STATE    ADDRESS                CONNS  IN-FLIGHT  UPTIME',
      'web  running  http://127.0.0.1:8080     14          2  1m 05s',
      'WORKER  STATE    PID  CONNS  IN-FLIGHT  MEMORY  BUSY  UPTIME',
      '0       active  4710      7          1  60 MiB   3 %  1m 05s',
      '1       active  4711      7          1  60 MiB   3 %  1m 05s',
    ]);
  });

  test('that do not serve say why, and the title how many do', () => {
    const exit = { code: 1, signal: null, crash: true, forced: false, at: 0, error: new Error('no database') };
    const workers = [
      worker(0, { restarts: 1, replacement: { pid: 4_800, ready: false } }),
      worker(1, { state: 'disabled', pid: 0, restarts: 2, lastExit: exit }),
      worker(2, { state: 'respawning', pid: 0, restarts: 1, lastExit: { ...exit, code: null, signal: 'SIGKILL' } }),
    ];
    const [title, , , head, ...rows] = draw({ snapshot: onWorkers([server('web')], workers) }, 120);
    expect(title).toBe('sluice  Running  1 server  1 of 3 workers  sluice.config.json  revision 1');
    expect(head).toMatch(/^WORKER .* RESTARTS .* NOTE$/);
    expect(rows[0]).toMatch(/^0 {7}active .* process 4800 gets ready$/);
    expect(rows[1]).toMatch(/^1 {7}disabled .* crashed with code 1: no database$/);
    expect(rows[2]).toMatch(/^2 {7}respawning .* crashed by SIGKILL: no database$/);
  });

  test('lose the least urgent columns on a narrow terminal, never their number and state', () => {
    expect(draw({ snapshot: two }, 40).slice(3)).toEqual([
      'WORKER  STATE    PID  CONNS  MEMORY',
      '0       active  4710      7  60 MiB',
      '1       active  4711      7  60 MiB',
    ]);
    expect(draw({ snapshot: two }, 20).slice(3)).toEqual([
      'WORKER  STATE    PID',
      '0       active  4710',
      '1       active  4711',
    ]);
  });

  test('share a low terminal with the servers: what does not serve comes first', () => {
    const servers = [1, 2, 3, 4, 5, 6].map((number) => server(`s${number}`));
    const workers = [0, 1, 2, 3, 4].map((slot) => worker(slot, slot === 3 ? { state: 'starting' } : {}));
    const lines = draw({ snapshot: onWorkers(servers, workers) }, 80, 10).map((line) => line.split(' ')[0]);
    expect(lines).toEqual(['sluice', 'ID', 's1', 's2', 's3', '…', 'WORKER', '3', '0', '…']);
    expect(draw({ snapshot: onWorkers(servers, workers) }, 80, 1)).toHaveLength(1);
  });
});
