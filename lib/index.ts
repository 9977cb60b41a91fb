export { type Probed, type ProbesOptions, probes } from './admin/probes.ts';
export { type Cluster, createCluster } from './cluster/cluster.ts';
export { CLUSTER_TRANSITIONS, type ClusterState } from './cluster/cluster-state.ts';
export { BindTimeoutError, BuildTimeoutError, DependencyError, HealError } from './cluster/errors.ts';
export { httpCluster } from './cluster/http-cluster.ts';
export type { ClusterInstrument, Instrumented } from './cluster/instrument.ts';
export type { ClusterOptions } from './cluster/options.ts';
export type { ApplyOptions, StopOptions, StopReport } from './cluster/orders.ts';
export type { Cause, Outcome, Refusal } from './cluster/outcome.ts';
export type { Change, Plan } from './cluster/plan.ts';
export {
  type Observed,
  type Readiness,
  type ReadinessReason,
  readiness,
  readinessOf,
} from './cluster/readiness.ts';
export type {
  ClusterSnapshot,
  Draining,
  ServerConfigView,
  ServerSnapshot,
  TlsSnapshot,
  TlsView,
} from './cluster/snapshot.ts';
export { type Address, type AddressResult, formatAddress, parseAddress } from './config/address.ts';
export type { Balance, StickyKey } from './config/balance-config.ts';
export { limitDefaults, restartDefaults } from './config/defaults.ts';
export {
  type ConfigFile,
  type ConfigInput,
  type ConfigStream,
  defineConfig,
  type SingleConfigFile,
  type WorkersConfigFile,
} from './config/define-config.ts';
export { ConfigError, describeIssue, OptionsError } from './config/errors.ts';
export type { FilesConfig } from './config/files-config.ts';
export type { HealthCheckFunction, HealthConfig, HttpCheckConfig, Probe } from './config/health-config.ts';
export { healthDefaults } from './config/health-settings.ts';
export { type Http2Config, type Http2Spec, http2Defaults } from './config/http2-config.ts';
export type { Environment } from './config/interpolate.ts';
export type { Issue } from './config/issue.ts';
export type {
  BasicAuthConfig,
  BearerAuthConfig,
  CompressConfig,
  CorsConfig,
  EtagConfig,
  HeaderChanges,
  HeadersConfig,
  MiddlewareConfig,
  MiddlewareSettings,
  RequestIdConfig,
  SecureHeadersConfig,
  StateGuardConfig,
  StateHeaderConfig,
} from './config/middleware-config.ts';
export type { NamedClusterConfig, NamedRoute, NamedServerConfig } from './config/named-config.ts';
export { route } from './config/named-route.ts';
export type { Position } from './config/place.ts';
export { type ProxyConfig, type ProxyTlsConfig, proxyDefaults } from './config/proxy-config.ts';
export type { RedirectConfig, RedirectStatus } from './config/redirect-config.ts';
export type {
  App,
  ClusterConfig,
  CommitMode,
  FetchFunction,
  FilesRoute,
  HandlerRoute,
  ModuleRoute,
  PathPolicy,
  ProxyRoute,
  RedirectRoute,
  RespondConfig,
  RespondRoute,
  RestartConfig,
  Route,
  ServerConfig,
  ServerEnv,
  ServerLimits,
  Strategy,
  UpgradeHandler,
  UpgradeRoute,
} from './config/server-config.ts';
export type { LiveTarget, LiveTargets, TargetConfig, WeightedTarget } from './config/target-config.ts';
export {
  type ClientAuth,
  type NamedTlsCertificate,
  type TlsCertificate,
  type TlsConfig,
  type TlsCurve,
  type TlsVersion,
  tlsDefaults,
} from './config/tls-config.ts';
export type { WorkersBackoffConfig, WorkersConfig, WorkersCount, WorkersSettings } from './config/workers-config.ts';
export { type CombineMode, combineHealth, combineStatuses, type HealthGroup, httpStatusOf } from './health/combine.ts';
export { HealthCheckError, type HealthCheckErrorCode } from './health/errors.ts';
export type { Health, HealthStatus } from './health/health.ts';
export { BindError, ListenerError, ProbeError } from './listener/errors.ts';
export { type IsListeningOptions, isListening } from './listener/is-listening.ts';
export type { Acceptor, Listener, Listeners } from './listener/listener.ts';
export type { Logger } from './log/logger.ts';
export { type AccessEntry, accessLog } from './middleware/access-log.ts';
export type { Stateful } from './middleware/cluster-state.ts';
export { headers } from './middleware/headers.ts';
export { stateGuard } from './middleware/state-guard.ts';
export { stateHeader } from './middleware/state-header.ts';
export { stripPrefix } from './middleware/strip-prefix.ts';
export { ModuleLoadError, type ModulePosition, ModuleTimeoutError } from './module/errors.ts';
export type { CertificateStatus } from './server/encryption.ts';
export { AppError, EventFieldError, FilesRootError, NoResponseError } from './server/errors.ts';
export { type EventClient, type EventStreamOptions, eventStream } from './server/event-stream.ts';
export type { ServerSentEvent } from './server/event-text.ts';
export { drainSignal } from './server/http/drain-signal.ts';
export type { EndedRequest, Instrument, ObservedRequest, RequestWatcher } from './server/instrument.ts';
export { ProxyCaError, ProxyError, type ProxyErrorCode } from './server/proxy/errors.ts';
export type { ServerState } from './server/state.ts';
export { clientCertificate } from './server/tls/client-certificate.ts';
export { TlsError, type TlsErrorCode, type TlsErrorOptions } from './server/tls/tls-error.ts';
export type { WebSocketOptions } from './server/websocket/options.ts';
export type {
  WebSocketHandler,
  WebSocketMessage,
  WebSocketPeer,
  WebSocketRequest,
} from './server/websocket/peer.ts';
export { webSocket } from './server/websocket/web-socket.ts';
export { type ConfigsInput, type ConfigValue, type ToConfigsOptions, toConfigs } from './source/configs.ts';
export { LastGoodError, NotDataError, UnknownNameError } from './source/errors.ts';
export { type FileSourceOptions, fileSource } from './source/file-source.ts';
export { type HttpSourceOptions, httpSource } from './source/http-source.ts';
export { type LastGood, readLastGood, resumeLastGood, saveLastGood } from './source/last-good.ts';
export { type MergeSourcesOptions, mergeSources } from './source/merge-sources.ts';
export { type AppRefusal, type ResolveAppsOptions, resolveApps } from './source/resolve-apps.ts';
export type {
  FailedEvent,
  LoadedEvent,
  Problem,
  ProblemCode,
  Source,
  SourceEvent,
} from './source/source.ts';
export { type Composite, composite } from './supervision/composite.ts';
export type { ChildSnapshot } from './supervision/composite-children.ts';
export type { CompositeError } from './supervision/composite-life.ts';
export type { CompositeMember, Configurable } from './supervision/composite-member.ts';
export type { CompositeOptions } from './supervision/composite-options.ts';
export type { CompositeOutcome } from './supervision/composite-outcome.ts';
export {
  type ChildFailure,
  CrashLoopError,
  MembersError,
  NotRunnableError,
  ReloadError,
  ReloadTimeoutError,
  RunnableError,
  StartTimeoutError,
} from './supervision/errors.ts';
export type { RestartStrategy, RestartType } from './supervision/restart-strategy.ts';
export type { Runnable } from './supervision/runnable.ts';
export { supervise } from './supervision/supervise.ts';
export {
  createSupervisor,
  type ShutdownReport,
  type Supervisor,
  type SupervisorOptions,
} from './supervision/supervisor.ts';
