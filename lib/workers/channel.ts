import { open, seal } from './envelope.ts';
import { discardHandle } from './handle.ts';

/** One end of an IPC channel: a child process, or the process itself. */
export interface IpcPort {
  readonly connected: boolean;
  send?(message: object, handle: unknown, options: object | undefined, done: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** What a channel tells. */
export interface ChannelEnds<In> {
  /** The other end may not listen yet, and loses what it is sent: nothing is, before it is heard of. */
  readonly awaited?: boolean;
  /** The message, when it is one; whatever else is dropped and counted. */
  readonly read: (message: unknown) => In | undefined;
  readonly heard: (message: In, handle: unknown) => void;
  /** The other end is of a release with other messages; told for each of them. */
  readonly skewed: (protocol: number, message: unknown) => void;
  readonly closed: () => void;
}

/** What a channel did not pass on. */
export interface ChannelDrops {
  /** Messages that came and could not be read. */
  readonly unreadable: number;
  /** Messages that were to be sent, and exceeded what may wait for an end that does not read. */
  readonly unsent: number;
}

/** Messages to and from another process, in order. */
export interface Channel<Out> {
  /**
   * Never throws. `sent` is called once, later: with `true` when the message was handed over to the system, `false` when
   * it never will be: the channel is closed, what waits is too much already, or it cannot be said as JSON.
   */
  send(message: Out, handle?: unknown, sent?: (delivered: boolean) => void): void;
  readonly drops: ChannelDrops;
  /** Resolves when nothing waits any more: everything was handed over, or never will be. */
  flushed(): Promise<void>;
}

/** How many messages may wait for an end that does not read; it holds the order of a busy second. */
export const QUEUE_MESSAGES = 1_024;

/** How much they may hold together, as JSON: a config of some megabytes fits. */
export const QUEUE_BYTES = 4 * 1_024 * 1_024;

/** How many of those that the next one replaces may wait; older ones say nothing that the latest do not say better. */
export const QUEUE_DROPPABLE = 8;

/** Kinds that lose nothing when an older one is left out. */
const DROPPABLE: ReadonlySet<string> = new Set(['beat', 'collect', 'count']);

interface Waiting {
  readonly envelope: object;
  readonly handle: unknown;
  readonly bytes: number;
  readonly droppable: boolean;
  readonly settle: (delivered: boolean) => void;
}

/**
 * Speaks with another process over IPC.
 *
 * `send` of Node takes everything and keeps what the other end does not read: 20,000 small messages to a stopped process
 * made its parent grow by 67 MB. Here sending pauses as soon as Node says that enough waits, goes on when that has been
 * written, and what comes meanwhile waits in a queue with a bound. Every message has a callback: without one a channel
 * that has just closed ends the process with an `error` event.
 */
export const createChannel = <Out extends { readonly type: string }, In>(
  port: IpcPort,
  ends: ChannelEnds<In>,
): Channel<Out> => {
  /** Handed over to Node, and not written yet. */
  const handed = new Set<(delivered: boolean) => void>();
  const drops = { unreadable: 0, unsent: 0 };
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let queuedDroppable = 0;
  let paused = ends.awaited === true;
  let isHeard = !paused;
  let flushes: (() => void)[] = [];
  let dropped: ((delivered: boolean) => void)[] = [];

  const tellFlushed = (): void => {
    if (handed.size > 0 || queue.length > 0) return;
    const waiting = flushes;
    flushes = [];
    for (const resolve of waiting) resolve();
  };

  const hand = ({ envelope, handle, settle }: Pick<Waiting, 'envelope' | 'handle' | 'settle'>): void => {
    const done = (delivered: boolean): void => {
      if (!handed.delete(done)) return;
      settle(delivered);
      // All of it: what Node holds is 64 KiB or more when it says that it is enough.
      if (handed.size === 0) resume();
      tellFlushed();
    };
    handed.add(done);
    try {
      // Node says so of a closed channel by the callback, too; it does so as an error event where the port has no `send`.
      if (port.send === undefined || !port.connected) throw new Error('the channel is closed');
      paused = !port.send(envelope, handle, undefined, (error) => done(error === null && port.connected));
    } catch {
      // It is no JSON, has a handle that cannot travel, or goes nowhere: the sender is told all the same.
      queueMicrotask(() => done(false));
    }
  };

  const resume = (): void => {
    paused = false;
    while (!paused) {
      const next = queue.shift();
      if (next === undefined) return;
      queuedBytes -= next.bytes;
      if (next.droppable) queuedDroppable -= 1;
      hand(next);
    }
  };

  /** Told together: a flood would be a flood of tasks otherwise, each of which takes room. */
  const drop = (settle: (delivered: boolean) => void): void => {
    drops.unsent += 1;
    if (dropped.push(settle) > 1) return;
    queueMicrotask(() => {
      const settles = dropped;
      dropped = [];
      for (const told of settles) told(false);
    });
  };

  /** Makes room for one that says the same better. */
  const dropOldest = (): void => {
    const at = queue.findIndex(({ droppable }) => droppable);
    for (const oldest of queue.splice(at, 1)) {
      queuedBytes -= oldest.bytes;
      queuedDroppable -= 1;
      drop(oldest.settle);
    }
  };

  const enqueue = (message: Out, handle: unknown, settle: (delivered: boolean) => void): void => {
    const droppable = DROPPABLE.has(message.type);
    if (droppable && queuedDroppable >= QUEUE_DROPPABLE) dropOldest();
    // What is refused for their number is not measured first: a flood would cost as much as if it were sent.
    const waiting = queue.length < QUEUE_MESSAGES ? measured(seal(message), droppable) : undefined;
    if (waiting === undefined) drop(settle);
    else {
      queue.push({ ...waiting, handle, droppable, settle });
      queuedBytes += waiting.bytes;
      if (droppable) queuedDroppable += 1;
    }
  };

  /** What may wait, and how much it is; `undefined` for what is too much. One that is larger than the bound waits alone. */
  const measured = (envelope: object, droppable: boolean): Pick<Waiting, 'envelope' | 'bytes'> | undefined => {
    // Those are few and small.
    const bytes = droppable ? 0 : sizeOf(envelope);
    if (bytes === undefined || (queue.length > 0 && queuedBytes + bytes > QUEUE_BYTES)) return undefined;
    return { envelope, bytes };
  };

  port.on('message', (value, handle) => {
    const opened = open(value);
    if (opened.type === 'foreign') return;
    if (!isHeard) {
      isHeard = true;
      resume();
    }
    const message = opened.type === 'message' ? ends.read(opened.message) : undefined;
    if (message !== undefined) return ends.heard(message, handle);
    discardHandle(handle);
    if (opened.type === 'skewed') ends.skewed(opened.protocol, opened.message);
    else drops.unreadable += 1;
  });
  // A child process tells of a failed `kill` or `spawn` here as well; nobody but the callbacks needs to know.
  port.on('error', () => {});
  port.on('disconnect', () => {
    const waiting = queue;
    queue = [];
    queuedBytes = 0;
    queuedDroppable = 0;
    paused = false;
    // What was handed over is not told of by Node when it waited for another handle to arrive.
    for (const done of [...handed]) done(false);
    for (const { settle } of waiting) settle(false);
    tellFlushed();
    ends.closed();
  });

  return {
    drops,
    send(message, handle, sent = () => {}) {
      if (paused) enqueue(message, handle, sent);
      else hand({ envelope: seal(message), handle, settle: sent });
    },
    flushed: () =>
      new Promise((resolve) => {
        flushes.push(resolve);
        tellFlushed();
      }),
  };
};

/** About what it takes up while it waits; `undefined` for what JSON cannot say. */
const sizeOf = (envelope: object): number | undefined => {
  try {
    return JSON.stringify(envelope).length;
  } catch {
    return undefined;
  }
};
