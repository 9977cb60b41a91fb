import type { ErrorData } from './protocol.ts';

/** Causes of causes that travel; a chain that bites its own tail ends here. */
export const DEEPEST = 8;

/** An error as data that another process can read; what was thrown and is no error becomes one. */
export const toErrorData = (thrown: unknown, depth = 0): ErrorData => {
  if (!(thrown instanceof Error)) return { name: 'Error', message: textOf(thrown) };
  const cause = read(thrown, 'cause');
  return {
    name: textOf(read(thrown, 'name')),
    message: textOf(read(thrown, 'message')),
    ...textField(thrown, 'code'),
    ...textField(thrown, 'hint'),
    ...textField(thrown, 'stack'),
    ...(cause !== undefined && depth < DEEPEST && { cause: toErrorData(cause, depth + 1) }),
  };
};

/** An error of this process that says what one of another process said: name, message, code, hint, stack and causes. */
export const fromErrorData = (data: ErrorData): Error => {
  const error = new Error(data.message, data.cause === undefined ? undefined : { cause: fromErrorData(data.cause) });
  // As on an instance of an error class of ours: they are there and are not listed among the data of the error.
  Object.defineProperty(error, 'name', { value: data.name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', {
    value: data.stack ?? `${data.name}: ${data.message}`,
    configurable: true,
    writable: true,
  });
  const { code, hint } = data;
  return Object.assign(error, code !== undefined && { code }, hint !== undefined && { hint });
};

/** Fields of errors that others made may be getters, which may throw. */
const read = (error: Error, key: string): unknown => {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined;
  }
};

const textField = <K extends string>(error: Error, key: K): { readonly [P in K]?: string } | undefined => {
  const value = read(error, key);
  if (typeof value !== 'string') return undefined;
  const field: { [P in K]?: string } = {};
  field[key] = value;
  return field;
};

/** What is thrown may have a `toString` that throws. */
const textOf = (thrown: unknown): string => {
  try {
    return String(thrown);
  } catch {
    return 'something that cannot be told as text was thrown';
  }
};
