import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../lib/config/address.ts';
import { limitDefaults } from '../../../lib/config/defaults.ts';
import { serverFactory } from '../../../lib/server/kinds.ts';
import type { DrainProgress, HostedServer } from '../../../lib/server/server.ts';
import { createAccountingClient } from '../../accounting/accounting-client.ts';
import { type AccountingReport, failures } from '../../accounting/tally.ts';
import { clock, createLog, drainOf, serve } from '../serving.ts';

/** Every server in turn stands behind the same listener; the one before it drains meanwhile. */
const SWAPS = 25;
const EACH_MS = 120;

const handlers = (version: number) => ({
  'that answers at once': () => new Response(`v${version}`),
  'that takes a moment': async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
    return new Response(`v${version}`);
  },
  'that sends streams': () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(`v${version}`));
          setTimeout(() => controller.close(), 2);
        },
      }),
    ),
});

describe.each(['that answers at once', 'that takes a moment', 'that sends streams'] as const)('a server %s', (kind) => {
  test(`loses no request in ${SWAPS} drains under constant load`, { timeout: 60_000 }, async () => {
    const first = await serve({ app: handlers(0)[kind] });
    const listener = first.host.listener;
    const newServer = serverFactory({ logger: createLog(), overrideGlobalObjects: true });
    const address = (): string => formatAddress(first.address);
    const clients = [
      createAccountingClient({ address, mode: 'keep-alive', connections: 8 }),
      // Each of these is idle for a tenth of a second between two requests: told by an answer, never by a close.
      createAccountingClient({ address, mode: 'keep-alive', connections: 24, rate: 240 }),
      createAccountingClient({ address, mode: 'fresh', rate: 200 }),
    ];
    for (const client of clients) client.start();

    const drains: Promise<DrainProgress>[] = [];
    let current: HostedServer = first.server;
    for (let version = 1; version <= SWAPS; version += 1) {
      await clock(EACH_MS);
      const next = newServer();
      next.assign({
        id: 'test',
        fetch: handlers(version)[kind],
        upgrade: undefined,
        encryption: undefined,
        http2: undefined,
        keepAlive: true,
        logger: createLog(),
        paths: 'strict',
        limits: limitDefaults,
      });
      listener?.attach(next);
      drains.push(drainOf(current, 5_000).over);
      current = next;
    }
    const reports = await Promise.all(clients.map((client) => client.stop()));
    const ended = await Promise.all([...drains, drainOf(current, 5_000).over]);
    const shown = ({ written, answered, asked, refused, closedIdle, examples }: AccountingReport) =>
      JSON.stringify({ written, answered, asked, refused, closedIdle, examples });
    expect(reports.map(failures), reports.map(shown).join('\n')).toEqual([0, 0, 0]);
    expect(reports.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(reports.map(({ closedIdle }) => closedIdle)).toEqual([0, 0, 0]);
    expect(ended.map(({ cut }) => cut)).toEqual(Array.from({ length: SWAPS + 1 }, () => 0));
    // Kept connections were told with an answer; who did not ask before the next drain was told once for both.
    expect(reports[0]?.asked).toBeGreaterThan(8 * (SWAPS / 2));
    expect(reports[1]?.asked).toBeGreaterThan(24 * (SWAPS / 2));
    expect(Math.min(...reports.map(({ answered }) => answered))).toBeGreaterThan(300);
  });
});
