/** A function that can be called as one; a class cannot, and would fail on every request. */
export const isCallable = (value: unknown): boolean =>
  typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
