/** The states of a cluster. */
export type ClusterState = 'New' | 'Booting' | 'Running' | 'Reloading' | 'Stopping' | 'Stopped' | 'Error';
