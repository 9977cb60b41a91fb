import { describe, expect, test } from 'vitest';
import type { ServerLimits } from '../../../lib/config/server-config.ts';
import { get, post, type Wire } from '../../listener/wire.ts';
import { clock, drainOf, eventually, type Serving, serve } from '../serving.ts';

const reading = async (request: Request): Promise<Response> => {
  if (request.url.endsWith('/hangs')) return new Promise(() => {});
  return new Response(await request.text());
};

const asked = (wire: Wire, bytes: string): Wire => {
  wire.write(bytes);
  return wire;
};

const status = async (wire: Wire): Promise<number | undefined> => (await wire.responses())[0]?.status;

interface Limit {
  readonly wide: Partial<ServerLimits>;
  readonly narrow: Partial<ServerLimits>;
  /** Does what the narrow limit does not allow; resolves with what becomes of it. */
  readonly exceed: (serving: Serving) => Promise<number | string | undefined>;
  readonly refused: number | string;
  readonly allowed: number | string;
}

const TIMEOUTS = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 };
/** Longer than any of the narrow limits, and than Node takes to notice. */
const PATIENCE_MS = 1_000;

/** What an idle connection hears; nothing is a good sign. */
const heard = (wire: Wire): Promise<number | string | undefined> =>
  Promise.race([status(wire).catch(() => 'closed'), clock(PATIENCE_MS).then(() => 'patient')]);

const limits: Readonly<Record<string, Limit>> = {
  headersTimeoutMs: {
    wide: TIMEOUTS,
    narrow: { ...TIMEOUTS, headersTimeoutMs: 200 },
    exceed: ({ dial }) => heard(asked(dial(), 'GET / HT')),
    refused: 408,
    allowed: 'patient',
  },
  requestTimeoutMs: {
    wide: TIMEOUTS,
    narrow: { headersTimeoutMs: 200, requestTimeoutMs: 300 },
    exceed: ({ dial }) => heard(asked(dial(), 'POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf')),
    refused: 408,
    allowed: 'patient',
  },
  handlerTimeoutMs: {
    wide: { handlerTimeoutMs: 60_000 },
    narrow: { handlerTimeoutMs: 100 },
    exceed: ({ dial }) => heard(asked(dial(), get('/hangs'))),
    refused: 503,
    allowed: 'patient',
  },
  keepAliveTimeoutMs: {
    wide: { keepAliveTimeoutMs: 60_000 },
    narrow: { keepAliveTimeoutMs: 100 },
    exceed: async ({ dial }) => {
      const wire = asked(dial(), get('/'));
      await wire.responses();
      // Node waits a second longer than it says.
      return Promise.race([wire.closed, clock(PATIENCE_MS + 500).then(() => 'patient')]);
    },
    refused: 'ended',
    allowed: 'patient',
  },
  maxHeaderBytes: {
    wide: { maxHeaderBytes: 8_192 },
    narrow: { maxHeaderBytes: 1_024 },
    exceed: ({ dial }) => status(asked(dial(), get('/', `X: ${'y'.repeat(2_000)}`))),
    refused: 431,
    allowed: 200,
  },
  'maxBodyBytes, announced': {
    wide: { maxBodyBytes: 0 },
    narrow: { maxBodyBytes: 100 },
    exceed: ({ dial }) => status(asked(dial(), post('/', 'x'.repeat(101)))),
    refused: 413,
    allowed: 200,
  },
  'maxBodyBytes, in chunks': {
    wide: { maxBodyBytes: 0 },
    narrow: { maxBodyBytes: 100 },
    exceed: ({ dial }) =>
      status(
        asked(
          dial(),
          `POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n${'x'.repeat(255)}\r\n0\r\n\r\n`,
        ),
      ),
    refused: 413,
    allowed: 200,
  },
};

describe.each(Object.entries(limits))('%s', (_, { wide, narrow, exceed, refused, allowed }) => {
  test('holds as soon as it is assigned, and no longer than that', async () => {
    const serving = await serve({ app: reading, limits: wide });
    expect(await exceed(serving)).toBe(allowed);
    serving.assign({ app: reading, limits: narrow });
    expect(await exceed(serving)).toBe(refused);
    serving.assign({ app: reading, limits: wide });
    expect(await exceed(serving)).toBe(allowed);
  });
});

test('connections that were there before a change are held to the new limits', async () => {
  const serving = await serve({ app: reading, limits: { ...TIMEOUTS, maxBodyBytes: 0 } });
  const wire = asked(serving.dial(), get('/'));
  await wire.responses();
  serving.assign({ app: reading, limits: { headersTimeoutMs: 200, requestTimeoutMs: 300, maxBodyBytes: 10 } });
  wire.write(post('/', 'x'.repeat(11)));
  expect((await wire.responses(2))[1]?.status).toBe(413);
  const other = asked(serving.dial(), 'GET / HT');
  expect(await status(other)).toBe(408);
});

test('the limits hold on every connection of a server that never listened itself, and while it drains', async () => {
  const serving = await serve({
    app: reading,
    limits: { handlerTimeoutMs: 300, maxBodyBytes: 10, maxHeaderBytes: 1_024 },
  });
  const wires = Array.from({ length: 3 }, () => serving.dial());
  await eventually(() => serving.server.connections === 3);
  const drain = drainOf(serving.server, 10_000);
  const [a, b, c] = wires;
  a?.write(get('/hangs'));
  b?.write(post('/', 'x'.repeat(11)));
  c?.write(get('/', `X: ${'y'.repeat(2_000)}`));
  expect(await Promise.all(wires.map(status))).toEqual([503, 413, 431]);
  expect(await drain.over).toMatchObject({ cut: 0 });
});

test('a connection that comes before anybody said what is served is closed unanswered', async () => {
  const { serverFactory } = await import('../../../lib/server/kinds.ts');
  const serving = await serve({ app: reading });
  const bare = serverFactory({ logger: serving.log, overrideGlobalObjects: true })();
  serving.host.listener?.attach(bare);
  const early = serving.dial();
  await early.closed;
  expect(early.text()).toBe('');
  expect(bare.connections).toBe(0);
  bare.destroy();
});
