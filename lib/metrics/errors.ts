/** A package that Sluice does not bring along, and that is not installed. */
export class MissingPeerError extends Error {
  override readonly name = 'MissingPeerError';
  readonly code = 'ERR_MISSING_PEER';
  /** The package. */
  readonly peer: string;
  readonly hint: string;
  constructor(peer: string, options?: ErrorOptions) {
    super(`the package ${peer} is not installed`, options);
    this.peer = peer;
    this.hint = `npm install ${peer}`;
  }
}

/** Two clusters whose series could not be told apart. */
export class MetricsClusterError extends Error {
  override readonly name = 'MetricsClusterError';
  readonly code = 'ERR_METRICS_CLUSTER';
  /** The label that both would have; `undefined` when it is that they have none. */
  readonly label: string | undefined;
  readonly hint = 'give each cluster a label of its own: observe(cluster, { label })';
  constructor(label: string | undefined) {
    super(`a cluster is observed already ${label === undefined ? 'without a label' : `with the label ${label}`}`);
    this.label = label;
  }
}
