import type { Observable } from 'rxjs';

/** What one worker said under a name both sides know. */
export interface TopicMessage {
  readonly slot: number;
  readonly pid: number;
  readonly body: unknown;
}

/** Messages between the primary and its workers, as the primary sees them. */
export interface PrimaryTopic {
  /** Hot; completes when the workers have stopped. */
  readonly messages$: Observable<TopicMessage>;
  /** To one process. Emits once, whether it has it, and completes; cold. Never errors. */
  send(pid: number, body: unknown): Observable<boolean>;
}

/** The same as a worker sees them. */
export interface WorkerTopic {
  /** Hot; what arrived before the first subscription is kept for it. */
  readonly messages$: Observable<unknown>;
  send(body: unknown): void;
}
