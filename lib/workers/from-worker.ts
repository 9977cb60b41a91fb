import * as v from 'valibot';
import { errorDataSchema as error } from './error-data-schema.ts';
import { heartbeatSchema as beat } from './heartbeat-schema.ts';
import type { FromWorker } from './protocol.ts';

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is left out on the way was `undefined`. */
const anything = v.optional(v.unknown(), () => undefined);

const schema: v.GenericSchema<unknown, FromWorker> = v.variant('type', [
  v.object({ type: v.literal('hello'), protocol: id, version: v.string() }),
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('beat'), beat }),
  v.object({ type: v.literal('draining') }),
  v.object({ type: v.literal('failing'), error }),
  v.object({ type: v.literal('listen'), id, address: v.string(), data: v.exactOptional(v.unknown()) }),
  v.object({ type: v.literal('unlisten'), id }),
  v.object({ type: v.literal('accepted'), connection: id }),
  v.object({ type: v.literal('report'), id, beat, series: v.array(v.unknown()) }),
  v.object({ type: v.literal('statistics'), id, timeoutMs: amount }),
  v.object({ type: v.literal('catch-up') }),
  v.object({ type: v.literal('topic'), topic: v.string(), body: anything }),
]);

/** What a worker says; `undefined` for what is no message of this release. */
export const readFromWorker = (message: unknown): FromWorker | undefined => {
  const { success, output } = v.safeParse(schema, message);
  return success ? output : undefined;
};
