import type { WorkersEvent } from './event.ts';

/** Leaves out a field in each part of a union. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event, before somebody has looked at the clock. */
export type News = Without<WorkersEvent, 'at'>;

/** Why a process is started. */
export type StartReason = Extract<WorkersEvent, { readonly type: 'starting' }>['why'];
