/**
 * One export of a module by name; `undefined` when there is none. Pure.
 *
 * The default export of a CommonJS module is what it assigned to `module.exports`. Where an ES module has no default
 * export, jiti answers with the module itself, so what the module owns decides.
 */
export const exportOf = (exports: unknown, name: string): unknown => {
  if (name === 'default') return defaultOf(exports);
  return isHolder(exports) && Object.hasOwn(exports, name) ? Reflect.get(exports, name) : undefined;
};

const defaultOf = (exports: unknown): unknown => {
  if (!isHolder(exports)) return exports;
  if (Object.hasOwn(exports, 'default')) return Reflect.get(exports, 'default');
  return Object.hasOwn(exports, '__esModule') ? undefined : exports;
};

const isHolder = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
