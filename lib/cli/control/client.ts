import { errors, Pool } from 'undici';
import type { OutcomeView } from '../../admin/cluster-view.ts';
import type { ControlView } from '../../admin/control-app.ts';
import type { ControlSocket } from '../../admin/control-socket.ts';
import { MOST_BODY_BYTES } from '../../admin/request-body.ts';
import type { RestartReportView, WorkersView, WorkerView } from '../../admin/worker-view.ts';
import type { Plan } from '../../cluster/plan.ts';
import type { WorkersCount } from '../../config/workers-config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { refusalOf } from './refusal.ts';

/** What an order has come to. */
export interface OrderResult {
  readonly outcome: OutcomeView;
  /** What else there is to know, as sentences. */
  readonly notes: readonly string[];
}

export interface PlanResult {
  readonly plan: Plan;
  readonly notes: readonly string[];
}

/** One event of a stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** A cluster that runs, as a command talks to it. Everything rejects with a `CommandError`. */
export interface ControlClient extends AsyncDisposable {
  readonly socket: ControlSocket;
  cluster(): Promise<ControlView>;
  plan(config: unknown): Promise<PlanResult>;
  /** @param revision - the one that has to be in force; any when it is `undefined`. */
  replace(config: unknown, revision: number | undefined): Promise<OrderResult>;
  order(server: string, verb: 'drain' | 'resume'): Promise<OrderResult>;
  restart(servers: readonly string[] | undefined): Promise<OrderResult>;
  workers(): Promise<WorkersView>;
  restartWorkers(): Promise<{ readonly report: RestartReportView }>;
  scaleWorkers(count: WorkersCount): Promise<WorkersView>;
  enableWorker(slot: number): Promise<WorkerView>;
  /** Events until the cluster ends the stream. */
  stream(path: string): AsyncIterable<StreamEvent>;
}

/**
 * Talks to a control socket.
 *
 * The answers are taken for what they are declared to be: who answers there was allowed to by the system, and runs the
 * same program.
 *
 * @param signal - ends every request, with exit code 5: the time of the whole command is over.
 */
export const connectTo = (socket: ControlSocket, signal?: AbortSignal): ControlClient => {
  const client = new Pool('http://localhost', {
    socketPath: socket.path,
    // Orders take as long as servers take to start; who gives them says how long that may be.
    headersTimeout: 0,
    bodyTimeout: 0,
    // One for a stream, others for what is asked meanwhile.
    connections: 4,
  });
  const common = signal === undefined ? {} : { signal };

  const ask = async <T>(method: 'GET' | 'PUT' | 'POST', path: string, value?: unknown, headers = {}): Promise<T> => {
    const body = value === undefined ? undefined : JSON.stringify(value);
    if (body !== undefined && Buffer.byteLength(body) > MOST_BODY_BYTES) throw refusalOf(413, undefined);
    try {
      const response = await client.request({
        method,
        path,
        headers: { ...headers, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
        ...common,
      });
      if (response.statusCode >= 400) throw refusalOf(response.statusCode, await explanationOf(response.body));
      return (await response.body.json()) as T;
    } catch (cause) {
      throw told(cause, socket);
    }
  };

  return {
    socket,
    cluster: () => ask('GET', '/api/cluster'),
    plan: (config) => ask('POST', '/api/plan', config),
    replace: (config, revision) =>
      ask('PUT', '/api/config', config, { 'if-match': revision === undefined ? '*' : `"${revision}"` }),
    order: (server, verb) => ask('POST', `/api/servers/${encodeURIComponent(server)}/${verb}`),
    restart: (servers) => ask('POST', '/api/restart', servers === undefined ? undefined : { servers }),
    workers: () => ask('GET', '/api/workers'),
    restartWorkers: () => ask('POST', '/api/workers/restart'),
    scaleWorkers: (count) => ask('POST', '/api/workers/scale', { count }),
    enableWorker: (slot) => ask('POST', `/api/workers/${slot}/enable`),
    async *stream(path) {
      try {
        const { statusCode, body } = await client.request({ method: 'GET', path, ...common });
        if (statusCode >= 400) throw refusalOf(statusCode, await explanationOf(body));
        body.setEncoding('utf8');
        let rest = '';
        for await (const text of body) {
          const blocks = (rest + text).split('\n\n');
          rest = blocks.pop() ?? '';
          for (const block of blocks) {
            const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
            if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
          }
        }
      } catch (cause) {
        throw told(cause, socket);
      }
    },
    async [Symbol.asyncDispose]() {
      await client.destroy();
    },
  };
};

/** What an answer says about a refusal; `undefined` for one that the server gave before the control API was asked. */
const explanationOf = async (body: { text(): Promise<string> }): Promise<unknown> => {
  const text = await body.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const told = (cause: unknown, { path, name, pid }: ControlSocket): CommandError => {
  if (cause instanceof CommandError) return cause;
  if (cause instanceof DOMException || cause instanceof errors.RequestAbortedError) {
    return new CommandError(EXIT.timeout, [
      {
        code: 'ERR_CONTROL_TIMEOUT',
        message: `${name} (${pid}) did not finish in time`,
        hint: 'it may still happen: sluice status tells; give it longer with --timeout',
      },
    ]);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CommandError(EXIT.error, [
    {
      code: 'ERR_CONTROL_UNREACHABLE',
      message: `${name} (${pid}) does not answer at ${path}: ${reason}`,
      hint: 'it has just stopped, or hangs: look whether the process is still there',
    },
  ]);
};
