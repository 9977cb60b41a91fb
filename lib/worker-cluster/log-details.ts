import * as v from 'valibot';
import { isPlainObject } from '../config/plain-data.ts';
import { fromErrorData, toErrorData } from '../workers/error-data.ts';
import { errorDataSchema } from '../workers/error-data-schema.ts';
import type { ErrorData } from '../workers/protocol.ts';

/** What stands beside the message of a line, on its way: each thing says what it is, so that errors arrive as errors. */
export type DetailsData =
  | { readonly type: 'plain'; readonly value: string | number | boolean | null }
  | { readonly type: 'error'; readonly error: ErrorData }
  | { readonly type: 'list'; readonly items: readonly DetailsData[] }
  | { readonly type: 'fields'; readonly fields: readonly (readonly [name: string, value: DetailsData])[] };

/** Characters of a text that travel: a stack trace fits. */
export const LONGEST = 4_096;

/** Lists in lists that travel; what is deeper is told as text. */
const DEEPEST = 4;

/** Fields of one record, and items of one list, that travel. */
const MOST = 32;

/** Things of one line that travel, however they lie in one another. */
const MOST_OF_ALL = 128;

const cut = (text: string): string => text.slice(0, LONGEST);

const cutError = ({ name, message, code, hint, stack, cause }: ErrorData): ErrorData => ({
  name: cut(name),
  message: cut(message),
  ...(code !== undefined && { code: cut(code) }),
  ...(hint !== undefined && { hint: cut(hint) }),
  ...(stack !== undefined && { stack: cut(stack) }),
  ...(cause !== undefined && { cause: cutError(cause) }),
});

const textOf = (value: unknown): DetailsData => ({ type: 'plain', value: cut(toErrorData(value).message) });

/** Details as data that another process can read; what no data can tell is told as text. Never throws. */
export const toDetailsData = (details: unknown): DetailsData => {
  let left = MOST_OF_ALL;
  const tell = (value: unknown, depth: number): DetailsData => {
    left -= 1;
    if (value === null || typeof value === 'boolean') return { type: 'plain', value };
    if (typeof value === 'number' && Number.isFinite(value)) return { type: 'plain', value };
    if (value instanceof Error) return { type: 'error', error: cutError(toErrorData(value)) };
    if (depth === DEEPEST) return textOf(value);
    if (Array.isArray(value)) {
      const items: DetailsData[] = [];
      for (const item of value.slice(0, MOST)) if (left > 0) items.push(tell(item, depth + 1));
      return { type: 'list', items };
    }
    if (!isPlainObject(value)) return textOf(value);
    const fields: [string, DetailsData][] = [];
    for (const name of Object.keys(value).slice(0, MOST)) {
      const field = value[name];
      if (field !== undefined && left > 0) fields.push([cut(name), tell(field, depth + 1)]);
    }
    return { type: 'fields', fields };
  };
  try {
    return tell(details, 0);
  } catch {
    // A getter, or a proxy.
    return textOf(details);
  }
};

/** What {@link toDetailsData} told, with errors of this process. */
export const fromDetailsData = (data: DetailsData): unknown => {
  switch (data.type) {
    case 'plain':
      return data.value;
    case 'error':
      return fromErrorData(data.error);
    case 'list':
      return data.items.map(fromDetailsData);
    case 'fields':
      return Object.fromEntries(data.fields.map(([name, value]) => [name, fromDetailsData(value)]));
  }
};

const plain = v.object({
  type: v.literal('plain'),
  value: v.union([v.string(), v.number(), v.boolean(), v.null()]),
});
const error = v.object({ type: v.literal('error'), error: errorDataSchema });

/** As deep as anything is sent: a schema that refers to itself would go as deep as whoever sends the data likes. */
const within = (depth: number): v.GenericSchema<unknown, DetailsData> => {
  if (depth === 0) return v.variant('type', [plain, error]);
  const inner = within(depth - 1);
  return v.variant('type', [
    plain,
    error,
    v.object({ type: v.literal('list'), items: v.array(inner) }),
    v.object({ type: v.literal('fields'), fields: v.array(v.tuple([v.string(), inner])) }),
  ]);
};

/** What details look like that another process sent. */
export const detailsSchema: v.GenericSchema<unknown, DetailsData> = within(DEEPEST);
