import type { Address } from './address.ts';
import type { HealthSettings } from './health-settings.ts';
import type { Http2Spec } from './http2-config.ts';
import type {
  App,
  PathPolicy,
  RestartConfig,
  Route,
  ServerConfig,
  ServerLimits,
  Strategy,
  UpgradeHandler,
} from './server-config.ts';
import type { TlsSpec } from './tls-config.ts';

/**
 * A server config after parsing: valid, canonical, defaults filled in, frozen.
 *
 * Two specs of one id are the same spec (`===`) when their configs were equal: data by value, handlers by identity.
 */
export interface ServerSpec {
  readonly id: string;
  readonly name: string;
  readonly address: Address;
  readonly expose: string | undefined;
  readonly disabled: boolean;
  /** `undefined` leaves the choice to the cluster. */
  readonly strategy: Strategy | undefined;
  readonly paths: PathPolicy;
  readonly limits: ServerLimits;
  readonly restart: Required<RestartConfig>;
  /** How it is looked after; `undefined` when nobody does. */
  readonly health: HealthSettings | undefined;
  /** Sorted, each once: their order means nothing. */
  readonly dependsOn: readonly string[];
  readonly tls: TlsSpec | undefined;
  /** Absent where clients may not choose HTTP/2. */
  readonly http2: Http2Spec | undefined;
  readonly keepAlive: boolean;
  /** Sorted, each once. */
  readonly logFilter: readonly string[];
  /** What answers: exactly one of the two. */
  readonly app: App | undefined;
  readonly routes: readonly Route[] | undefined;
  /** What surrounds all routes. */
  readonly middleware: ServerConfig['middleware'];
  readonly upgrade: UpgradeHandler | undefined;
}
