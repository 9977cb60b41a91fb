/** What something lacks to be supervised; empty for a runnable. */
export const missingParts = (value: unknown): readonly string[] => {
  const candidate = typeof value === 'object' && value !== null ? value : {};
  return [
    ...('start' in candidate && typeof candidate.start === 'function' ? [] : ['start()']),
    ...('stop' in candidate && typeof candidate.stop === 'function' ? [] : ['stop()']),
    // Not read yet: one that cannot be had is a failure of its runnable, when it is needed.
    ...('state$' in candidate ? [] : ['state$']),
  ];
};

/** Whether something has a method; one that cannot be looked at has none. */
export const hasMethod = (value: object, name: string): boolean => {
  try {
    return typeof Reflect.get(value, name) === 'function';
  } catch {
    return false;
  }
};
