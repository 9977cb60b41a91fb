import { isObservable, type Subscription } from 'rxjs';
import { onTestFinished } from 'vitest';
import type { Address } from '../../lib/config/address.ts';
import { limitDefaults } from '../../lib/config/defaults.ts';
import { type Http2Config, http2SpecOf } from '../../lib/config/http2-config.ts';
import type { App, PathPolicy, Route, ServerLimits, UpgradeHandler } from '../../lib/config/server-config.ts';
import type { ServerSpec } from '../../lib/config/server-spec.ts';
import { type TlsConfig, tlsSpecOf } from '../../lib/config/tls-config.ts';
import { systemListeners } from '../../lib/listener/listeners.ts';
import type { Logger } from '../../lib/log/logger.ts';
import { Host } from '../../lib/server/host.ts';
import type { Instruments } from '../../lib/server/instruments.ts';
import { buildService, serverFactory } from '../../lib/server/kinds.ts';
import type { DrainProgress, HostedServer, Service } from '../../lib/server/server.ts';
import { dial, type Wire } from '../listener/wire.ts';

/** What a test wants served. */
export interface Served {
  readonly app?: App;
  readonly routes?: readonly Route[];
  readonly paths?: PathPolicy;
  readonly middleware?: ServerSpec['middleware'];
  readonly upgrade?: UpgradeHandler;
  readonly limits?: Partial<ServerLimits>;
  readonly tls?: TlsConfig;
  readonly http2?: boolean | Http2Config;
  readonly keepAlive?: boolean;
  readonly logFilter?: readonly string[];
}

export const specOf = ({
  app,
  routes,
  middleware,
  paths,
  upgrade,
  limits,
  tls,
  http2 = false,
  keepAlive = true,
  logFilter = [],
}: Served): ServerSpec => ({
  id: 'test',
  name: 'test',
  address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  expose: undefined,
  disabled: false,
  strategy: undefined,
  paths: paths ?? 'strict',
  limits: { ...limitDefaults, ...limits },
  restart: { intensity: 0, periodMs: 1, initialMs: 1, maxMs: 1 },
  health: undefined,
  tls: tls === undefined ? undefined : tlsSpecOf(tls),
  http2: http2SpecOf(http2),
  keepAlive,
  logFilter,
  dependsOn: [],
  app,
  routes,
  middleware,
  upgrade,
});

/** What a spec is answered with, when nothing of it has to be waited for. */
export const built = (spec: ServerSpec, logger: Logger = createLog(), awaited = true): Service => {
  const service = buildService(spec, { awaited, logger, baseDir: '.' });
  if (isObservable(service)) throw new TypeError('this one takes its time');
  return service;
};

/** A line of the log. */
export interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly details: unknown;
}

export interface Log extends Logger {
  readonly lines: readonly Line[];
  /** Lines an operator is meant to see. */
  readonly loud: () => readonly Line[];
}

export const createLog = (): Log => {
  const lines: Line[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, details?: unknown): void => {
      lines.push({ level, message, details });
    };
  return {
    lines,
    loud: () => lines.filter(({ level }) => level !== 'debug'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
  };
};

/** A drain that a test looks at. */
export interface Drain {
  /** The last it said, as soon as it is over. */
  readonly over: Promise<DrainProgress & { readonly ms: number }>;
  readonly progress: readonly DrainProgress[];
  readonly subscription: Subscription;
}

/** Drains a server whose address is held by nobody, or as long as `open` says. */
export const drainOf = (server: HostedServer, timeoutMs: number, open: () => boolean = () => false): Drain => {
  const startedAt = performance.now();
  const progress: DrainProgress[] = [];
  let subscription: Subscription | undefined;
  const over = new Promise<DrainProgress & { readonly ms: number }>((resolve) => {
    subscription = server.drain(timeoutMs, open).subscribe({
      next: (value) => progress.push(value),
      complete: () => resolve({ connections: 0, cut: 0, ...progress.at(-1), ms: performance.now() - startedAt }),
    });
  });
  if (subscription === undefined) throw new Error('a promise runs its function at once');
  return { over, progress, subscription };
};

export interface Serving {
  readonly host: Host;
  readonly server: HostedServer;
  readonly address: Address;
  readonly log: Log;
  dial(): Wire;
  /** Puts something else in force. */
  assign(served: Served): void;
  /** Gives the address back; connections stay. */
  close(): void;
}

/** Serves on a free port until the test is over. */
export const serve = async (
  served: Served,
  { overrideGlobalObjects = true, ...told }: { overrideGlobalObjects?: boolean; instruments?: Instruments } = {},
): Promise<Serving> => {
  const log = createLog();
  const server = serverFactory({ logger: log, overrideGlobalObjects, ...told })();
  const host = new Host({ kind: 'tcp', host: '127.0.0.1', port: 0 }, systemListeners, server);
  const assign = (next: Served): void => server.assign(built(specOf(next), log));
  assign(served);
  const door = await new Promise<Subscription>((resolve, reject) => {
    const held: Subscription = host.door$.subscribe({
      next: (listener) => {
        listener.attach(server);
        queueMicrotask(() => resolve(held));
      },
      error: reject,
    });
  });
  onTestFinished(() => {
    door.unsubscribe();
    server.destroy();
  });
  return {
    host,
    server,
    address: host.address,
    log,
    dial: () => dial(host.address),
    assign,
    close: () => door.unsubscribe(),
  };
};

/** Looks again, turn by turn, until it is so; for what no event tells. */
export const eventually = async (isSo: () => boolean, limitMs = 5_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`did not come within ${limitMs} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

/** A timer to compare with: on a busy machine it is as late as everybody else's. */
export const clock = (ms: number): Promise<number> => {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(performance.now() - startedAt), ms);
    onTestFinished(() => clearTimeout(timer));
  });
};
