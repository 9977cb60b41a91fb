import { Subscription, type Unsubscribable } from 'rxjs';
import type { Load } from './pulse.ts';
import type { WorkerRuntime } from './runtime.ts';

/** Something whose servers can be counted: a cluster, a pool. */
interface Countable {
  readonly snapshot: { readonly servers: object };
}

/** Something that tells of every request: a cluster. */
interface Tellable {
  instrument(instrument: { begin(): undefined }): Unsubscribable;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isCountable = (value: object): value is Countable => {
  const snapshot: unknown = Reflect.get(value, 'snapshot');
  return isObject(snapshot) && isObject(Reflect.get(snapshot, 'servers'));
};

const isTellable = (value: object): value is Tellable => typeof Reflect.get(value, 'instrument') === 'function';

const numberAt = (value: unknown, key: string): number => {
  const found: unknown = isObject(value) ? Reflect.get(value, key) : undefined;
  return typeof found === 'number' && Number.isFinite(found) ? found : 0;
};

/** What the servers of something serve at the moment; 0 where it does not say. */
export const loadOf = (counted: Countable): Omit<Load, 'requests'> => {
  let connections = 0;
  let inFlight = 0;
  for (const server of Object.values(counted.snapshot.servers)) {
    connections += numberAt(server, 'connections');
    inFlight += numberAt(server, 'inFlight');
  }
  return { connections, inFlight };
};

/**
 * Has what a runnable serves be part of every beat, when it is a cluster or something like one.
 *
 * @returns what ends that. The requests that were counted are not taken back by it.
 */
export const watchRunnable = (runnable: object, runtime: Pick<WorkerRuntime, 'load'>): Subscription => {
  const watching = new Subscription();
  if (!isCountable(runnable)) return watching;
  let requests = 0;
  if (isTellable(runnable)) {
    watching.add(
      runnable.instrument({
        begin: () => {
          requests += 1;
          return undefined;
        },
      }),
    );
  }
  const unload = runtime.load(() => ({ ...loadOf(runnable), requests }));
  watching.add(() => {
    unload();
    // A counter that fell would be taken for that of another process.
    const counted = requests;
    runtime.load(() => ({ connections: 0, inFlight: 0, requests: counted }));
  });
  return watching;
};
