import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { ClusterInstrument } from '../../cluster/instrument.ts';
import type { Outcome } from '../../cluster/outcome.ts';
import type { EndedRequest, ObservedRequest, RequestWatcher } from '../../server/instrument.ts';
import { knownMethod, OTHER_METHOD } from '../known-method.ts';

/** What the library that makes spans is called in them. */
const SCOPE = 'sluice';

const headerGetter: TextMapGetter<ObservedRequest['headers']> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => {
    const value = headers[key.toLowerCase()];
    return typeof value === 'string' || value === undefined ? value : [...value];
  },
};

/** The host and the port that a client means, as it said. */
const authorityOf = ({ headers, encrypted }: ObservedRequest): Attributes => {
  const { host = headers[':authority'] } = headers;
  const [, name, port] = (typeof host === 'string' && /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host)) || [];
  if (name === undefined || name === '') return {};
  return { 'server.address': name.replace(/^\[|\]$/g, ''), 'server.port': Number(port ?? (encrypted ? 443 : 80)) };
};

const attributesOf = (request: ObservedRequest, method: string): Attributes => {
  const { route, headers } = request;
  const agent = headers['user-agent'];
  return {
    'http.request.method': method,
    'url.path': request.path,
    'url.scheme': request.encrypted ? 'https' : 'http',
    'network.protocol.version': request.protocol,
    ...authorityOf(request),
    ...(method === OTHER_METHOD ? { 'http.request.method_original': request.method } : {}),
    ...(route === undefined ? {} : { 'http.route': route }),
    ...(typeof agent === 'string' ? { 'user_agent.original': agent } : {}),
    'sluice.server': request.server,
  };
};

/** The span of one request, and the context that its handler runs in. */
class RequestSpan implements RequestWatcher {
  readonly #span: Span;
  readonly #context: Context;

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  run(handle: () => void): void {
    context.with(this.#context, handle);
  }

  end({ status, complete }: EndedRequest): void {
    if (status !== undefined) this.#span.setAttribute('http.response.status_code', status);
    // Whose fault that is nobody can tell: clients that follow a stream of events leave in no other way.
    if (!complete) this.#span.setAttribute('sluice.request.complete', false);
    if (status !== undefined && status >= 500) {
      this.#span.setAttribute('error.type', String(status));
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** What is said of an outcome beyond its status. */
const outcomeAttributes = (outcome: Outcome): Attributes => {
  if (outcome.status === 'rejected') return { 'sluice.commit.issues': outcome.issues.length };
  if (outcome.status === 'rolledBack') return { 'sluice.commit.failed_server': outcome.server };
  return outcome.status === 'committed' ? { 'sluice.commit.refused_servers': outcome.refused.length } : {};
};

/** Whether something makes tracers. */
export const isProvider = (given: unknown): given is TracerProvider =>
  typeof given === 'object' && given !== null && 'getTracer' in given && typeof given.getTracer === 'function';

/** Makes spans with the tracer of a provider; with that of the one that is registered without it. */
export class Tracing implements ClusterInstrument {
  readonly #provider: TracerProvider | undefined;
  #tracer: Tracer | undefined;

  constructor(provider?: TracerProvider) {
    this.#provider = provider;
  }

  begin(request: ObservedRequest): RequestWatcher | undefined {
    const tracer = this.#tracer ?? this.#find();
    if (tracer === undefined) return undefined;
    const method = knownMethod(request.method);
    const named = method === OTHER_METHOD ? 'HTTP' : method;
    // Not the active context: that is the one of whoever made the server.
    const parent = propagation.extract(ROOT_CONTEXT, request.headers, headerGetter);
    const name = request.route === undefined ? named : `${named} ${request.route}`;
    const options = { kind: SpanKind.SERVER, attributes: attributesOf(request, method) };
    return new RequestSpan(tracer.startSpan(name, options, parent), parent);
  }

  committed(outcome: Outcome): void {
    const tracer = this.#tracer ?? this.#find();
    if (tracer === undefined) return;
    const { status, revision, durationMs } = outcome;
    const endTime = Date.now();
    const attributes = {
      'sluice.commit.status': status,
      'sluice.commit.revision': revision,
      'sluice.commit.changed_servers': status === 'committed' ? outcome.plan.changes.length : 0,
      ...outcomeAttributes(outcome),
    };
    const span = tracer.startSpan('sluice.commit', { startTime: endTime - durationMs, attributes }, ROOT_CONTEXT);
    if (status === 'rejected' || status === 'rolledBack') span.setStatus({ code: SpanStatusCode.ERROR });
    if (status === 'rolledBack') {
      const { name, message, stack = '' } = outcome.cause;
      span.recordException({ name, message, stack });
    }
    span.end(endTime);
  }

  /** The tracer, from when there is somebody who takes spans; before that none is made. */
  #find(): Tracer | undefined {
    const provider = this.#provider ?? trace.getTracerProvider();
    const tracer =
      provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
    this.#tracer = tracer;
    return tracer;
  }
}
