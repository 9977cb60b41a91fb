import { connect } from 'node:net';

/**
 * What became of a connection to a unix socket:
 *
 * - `answered`: somebody listens there, or keeps silent, which counts as an answer: better refuse than steal.
 * - `refused`: the file is there and nobody listens, because who did has died.
 * - `missing`: there is no such file.
 * - `denied`: it may not be reached.
 */
export type Probe = 'answered' | 'refused' | 'missing' | 'denied';

/** How long a silent owner of a socket file may take to answer a connect; a live one answers at once. */
const PROBE_MS = 1_000;

const PROBES: Readonly<Record<string, Probe>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** Connects to a unix socket, says nothing, and hangs up. Never rejects. */
export const probeSocket = (path: string): Promise<Probe> =>
  new Promise((resolve) => {
    const probe = connect(path);
    const done = (result: Probe): void => {
      probe.destroy();
      resolve(result);
    };
    probe.setTimeout(PROBE_MS, () => done('answered'));
    probe.once('connect', () => done('answered'));
    probe.once('error', ({ code = '' }: NodeJS.ErrnoException) => done(PROBES[code] ?? 'answered'));
  });
