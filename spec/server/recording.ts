import type { EndedRequest, Instrument, ObservedRequest } from '../../lib/server/instrument.ts';
import { Instruments } from '../../lib/server/instruments.ts';
import { createLog, eventually, type Log } from './serving.ts';

/** What was said of a request when it was over. */
export type Ended = Pick<
  EndedRequest,
  | 'server'
  | 'method'
  | 'path'
  | 'route'
  | 'protocol'
  | 'encrypted'
  | 'status'
  | 'complete'
  | 'requestBytes'
  | 'responseBytes'
>;

export interface Recording {
  readonly instrument: Instrument;
  readonly begun: string[];
  readonly ended: Ended[];
  readonly refused: number[];
  readonly durations: number[];
  /** Everything that ended, once there is that much of it. */
  until(count: number): Promise<readonly Ended[]>;
}

/** Takes down what an instrument is told. */
export const record = (): Recording => {
  const begun: string[] = [];
  const ended: Ended[] = [];
  const refused: number[] = [];
  const durations: number[] = [];
  const end = (request: EndedRequest): void => {
    const { server, method, path, route, protocol, encrypted, status, complete, requestBytes, responseBytes } = request;
    durations.push(request.durationMs);
    ended.push({ server, method, path, route, protocol, encrypted, status, complete, requestBytes, responseBytes });
  };
  return {
    instrument: {
      begin: ({ method, path }: ObservedRequest) => {
        begun.push(`${method} ${path}`);
        return { end };
      },
      refused: (_, status) => {
        refused.push(status);
      },
    },
    begun,
    ended,
    refused,
    durations,
    until: async (count) => {
      await eventually(() => ended.length >= count);
      return ended;
    },
  };
};

/** A recording, and where it is attached. */
export const recorded = (): Recording & { readonly instruments: Instruments; readonly log: Log } => {
  const log = createLog();
  const instruments = new Instruments(log);
  const recording = record();
  instruments.attach(recording.instrument);
  return { ...recording, instruments, log };
};
