import { type Context, context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tracing } from '../../lib/metrics/tracing.ts';
import { rig, running, saying } from '../cluster/fixtures/clusters.ts';
import { eventually } from '../server/serving.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

/** What an SDK registers by default, as far as it is needed here (https://www.w3.org/TR/trace-context/). */
const w3c = {
  inject: () => undefined,
  extract: (to: Context, carrier: unknown, getter: { get(carrier: unknown, key: string): unknown }): Context => {
    const [, traceId = '', spanId = ''] =
      /^00-(\w{32})-(\w{16})-01$/.exec(String(getter.get(carrier, 'traceparent'))) ?? [];
    return traceId === '' ? to : trace.setSpanContext(to, { traceId, spanId, traceFlags: 1, isRemote: true });
  },
  fields: () => ['traceparent'],
};

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const manager = new AsyncLocalStorageContextManager();

const spans = async (count: number) => {
  await eventually(() => exporter.getFinishedSpans().length >= count);
  return exporter.getFinishedSpans();
};

beforeEach(() => {
  context.setGlobalContextManager(manager.enable());
  propagation.setGlobalPropagator(w3c);
});

afterEach(() => {
  exporter.reset();
  context.disable();
  propagation.disable();
  trace.disable();
});

const served = async (app: Hono) => {
  const { cluster } = await running({ api: { listen: '127.0.0.1:0', app } });
  cluster.instrument(await tracing({ provider }));
  return cluster.snapshot.servers.api?.url ?? '';
};

describe('the span of a request', () => {
  test('says what HTTP conventions ask for, and belongs to the trace of its client', async () => {
    const url = await served(new Hono().get('/users/:id', (c) => c.text('hello')));
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, 'user-agent': 'test' };
    await (await fetch(`${url}/users/7?token=secret`, { headers })).text();
    const [span] = await spans(1);
    expect(span?.name).toBe('GET /users/:id');
    expect(span?.kind).toBe(SpanKind.SERVER);
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.parentSpanContext?.spanId).toBe(PARENT);
    expect(span?.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.route': '/users/:id',
      'http.response.status_code': 200,
      'url.path': '/users/7',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(url).port),
      'network.protocol.version': '1.1',
      'user_agent.original': 'test',
      'sluice.server': 'api',
    });
    expect(span?.instrumentationScope.name).toBe('sluice');
  });

  test('is an error from 500 on, and not below; without a route it is named by its method', async () => {
    const url = await served(
      new Hono().get('/broken', () => {
        throw new Error('broken');
      }),
    );
    for (const [path, method] of [
      ['/broken', 'GET'],
      ['/nowhere', 'POST'],
      ['/nowhere', 'PROPFIND'],
    ] as const) {
      await (await fetch(url + path, { method })).text();
    }
    const [broken, nowhere, other] = await spans(3);
    expect(broken?.status.code).toBe(SpanStatusCode.ERROR);
    expect(broken?.attributes).toMatchObject({ 'error.type': '500', 'http.response.status_code': 500 });
    expect(nowhere?.name).toBe('POST');
    expect(nowhere?.status.code).toBe(SpanStatusCode.UNSET);
    expect(nowhere?.attributes).not.toHaveProperty('error.type');
    expect(nowhere?.attributes).not.toHaveProperty('http.route');
    expect(other?.name).toBe('HTTP');
    expect(other?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    });
  });

  test('has those of its handler as children, also after something was waited for', async () => {
    const url = await served(
      new Hono().get('/', async (c) => {
        await new Promise((resolve) => setImmediate(resolve));
        provider.getTracer('handler').startSpan('child').end();
        return c.text('x');
      }),
    );
    await Promise.all([1, 2, 3].map(async () => (await fetch(url)).text()));
    const all = await spans(6);
    const servers = all.filter(({ kind }) => kind === SpanKind.SERVER);
    const children = all.filter(({ name }) => name === 'child');
    expect(children.map(({ parentSpanContext }) => parentSpanContext?.spanId).sort()).toEqual(
      servers.map((span) => span.spanContext().spanId).sort(),
    );
  });

  test('is no child of whoever made the cluster', async () => {
    const outer = provider.getTracer('test').startSpan('outer');
    const url = await context.with(trace.setSpan(ROOT_CONTEXT, outer), () =>
      served(new Hono().get('/', (c) => c.text('x'))),
    );
    await (await fetch(url)).text();
    const [span] = await spans(1);
    expect(span?.parentSpanContext).toBeUndefined();
  });

  test('says that a request was not answered to its end', async () => {
    let begun = false;
    const url = await served(
      new Hono().get('/', () => {
        begun = true;
        return new Promise(() => {});
      }),
    );
    const leaving = new AbortController();
    const left = fetch(url, { signal: leaving.signal }).catch(() => 'left');
    await eventually(() => begun);
    leaving.abort();
    await left;
    const [span] = await spans(1);
    expect(span?.attributes).toMatchObject({ 'sluice.request.complete': false });
    expect(span?.attributes).not.toHaveProperty('http.response.status_code');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });
});

describe('the span of a commit', () => {
  test('says what became of it and how many servers changed, one for each outcome', async () => {
    const { cluster } = await running({ a: saying('a') });
    cluster.instrument(await tracing({ provider }));
    const outcome = await cluster.apply({ a: saying('b'), c: saying('c') });
    await cluster.apply({ a: { listen: 'nonsense', app: () => new Response() } });
    const [committed, rejected] = await spans(2);
    expect(committed?.name).toBe('sluice.commit');
    expect(committed?.attributes).toEqual({
      'sluice.commit.status': 'committed',
      'sluice.commit.revision': 2,
      'sluice.commit.changed_servers': 2,
      'sluice.commit.refused_servers': 0,
    });
    const [seconds = 0, nanoseconds = 0] = committed?.duration ?? [];
    expect(seconds * 1000 + nanoseconds / 1e6).toBeCloseTo(outcome.durationMs, 0);
    expect(rejected?.attributes).toMatchObject({ 'sluice.commit.status': 'rejected', 'sluice.commit.issues': 1 });
    expect(rejected?.status.code).toBe(SpanStatusCode.ERROR);
  });

  test('that was rolled back names the server and the cause', async () => {
    const { cluster } = await running({ a: saying('a') });
    const taken = cluster.snapshot.servers.a?.address ?? '';
    const { cluster: other } = rig();
    await other.start();
    other.instrument(await tracing({ provider }));
    await other.apply({ b: saying('b', taken) });
    const [span] = await spans(1);
    expect(span?.attributes).toMatchObject({
      'sluice.commit.status': 'rolledBack',
      'sluice.commit.failed_server': 'b',
      'sluice.commit.changed_servers': 0,
    });
    expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
  });
});

test('a provider that is none is refused', async () => {
  // @ts-expect-error -- what has no types may be anything
  await expect(tracing({ provider: {} })).rejects.toThrow(expect.objectContaining({ code: 'ERR_OPTIONS' }));
});

describe('without a provider of its own', () => {
  test('no span is made until one is registered, and then by that one', async () => {
    const { cluster } = await running({ api: saying('x') });
    const instrument = await tracing();
    cluster.instrument(instrument);
    const begin = (): unknown =>
      instrument.begin?.({
        server: 'api',
        method: 'GET',
        path: '/',
        route: '/',
        protocol: '1.1',
        encrypted: false,
        headers: {},
      });
    expect(begin()).toBeUndefined();
    const { url = '' } = cluster.snapshot.servers.api ?? {};
    await (await fetch(url)).text();
    trace.setGlobalTracerProvider(provider);
    await (await fetch(url)).text();
    expect(await spans(1)).toHaveLength(1);
  });
});
