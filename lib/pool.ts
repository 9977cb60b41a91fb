export { type BalanceOptions, balance } from './pool/balancer.ts';
export { createPool } from './pool/create-pool.ts';
export type { ListedTls } from './pool/default-tls.ts';
export {
  PoolError,
  type PoolErrorCode,
  type PoolErrorOptions,
  type PoolFailure,
  type PoolPhase,
} from './pool/errors.ts';
export type { ListedServer } from './pool/listed-server.ts';
export type {
  MergeOptions,
  MergePolicy,
  Pool,
  PoolOptions,
  PoolPlan,
  PoolReader,
  PoolView,
} from './pool/pool.ts';
export { type LenientPool, type PoolConfig, poolConfig, type ToPoolOptions } from './pool/pool-config.ts';
export type {
  Monitor,
  PoolChange,
  PoolHandler,
  PoolServer,
  PoolServerConfig,
} from './pool/pool-server.ts';
export type { PoolReport, ServerReport } from './pool/report.ts';
export type { PoolField, PoolMatch } from './pool/select.ts';
