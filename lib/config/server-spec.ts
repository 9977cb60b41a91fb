import type { Address } from './address.ts';
import type { App, PathPolicy, RestartConfig, Route, ServerLimits, Strategy, UpgradeHandler } from './server-config.ts';

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
  /** What answers: exactly one of the two. */
  readonly app: App | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly upgrade: UpgradeHandler | undefined;
}
