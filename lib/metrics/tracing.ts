import type { ClusterInstrument } from '../cluster/instrument.ts';
import { OptionsError } from '../config/errors.ts';
import { loadPeer } from './peer.ts';

/** One of OpenTelemetry's tracer providers, as those know it who may not have that package. */
export interface TracerSource {
  getTracer(name: string, version?: string): object;
}

/** How spans are made. */
export interface TracingOptions {
  /** Whose tracer makes them; that of the provider that is registered with OpenTelemetry's API by default. */
  readonly provider?: TracerSource;
}

/**
 * Makes an instrument that has a span for every request and every commit: `cluster.instrument(await tracing())`.
 *
 * Spans of requests are those of OpenTelemetry's HTTP conventions for servers: named by method and route, a part of the
 * trace that the request's headers name to the registered propagators, an error from status 500 on. Handlers run in
 * their context, as far as a context manager is registered: spans that they begin are children. The query of a URL is
 * left out, for it may hold secrets. Spans of commits are named `sluice.commit`, and begin when the config was pushed.
 *
 * Needs the package `@opentelemetry/api`: rejects with a `MissingPeerError` when it is not installed, and with an
 * `OptionsError` for a provider that is none. As long as no provider is registered no spans are made.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export const tracing = async ({ provider }: TracingOptions = {}): Promise<ClusterInstrument> => {
  const { isProvider, Tracing } = await loadPeer(
    '@opentelemetry/api',
    () => import('./opentelemetry/opentelemetry.ts'),
  );
  if (provider !== undefined && !isProvider(provider)) throw new OptionsError('provider', 'one with getTracer');
  return new Tracing(provider);
};
