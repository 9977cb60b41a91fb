import { oneLine, reasonOf, received } from './received.ts';
import { wording } from './wording.ts';

/** How deep a config may be nested; JSON that people write stays far below. */
const DEEPEST = 64;
/** How many values one config may hold: reading as many takes milliseconds. */
const MOST_VALUES = 50_000;
/** How many characters all its texts may have together: 10 Mi. */
const MOST_CHARACTERS = 10_485_760;

/** Names that mean something else to an object than to the person who wrote them. */
const TREACHEROUS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A copy, or where copying stopped and why, packed by `wording`. */
export type CopyResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: string; readonly wording: string };

/** Whether a value is a record without behaviour: `{}`, or an object without a prototype, of any realm. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null);
};

class CopyStopped extends Error {
  readonly wording: string;
  constructor(text: string) {
    super('copying stopped');
    this.wording = text;
  }
}

/**
 * Copies the plain data of a config, so that every value is read exactly once: a getter or a proxy that answers
 * differently later has no say any more, and none of their exceptions gets out.
 *
 * Records are copied into objects without a prototype, leaving out members that are `undefined`; functions are kept as
 * they are. Instances of classes are no data and refused. What is nested deeper than 64 levels, cyclic, or larger than any config is
 * refused before anything else looks at it.
 *
 * @param opaque - members of the outermost record that are kept as they are, whatever they hold.
 */
export const copyPlainData = (value: unknown, opaque: ReadonlySet<string> = new Set()): CopyResult => {
  const path: string[] = [];
  const ancestors: object[] = [];
  let values = 0;
  let characters = 0;

  const count = (more: number): void => {
    values += more;
    if (values > MOST_VALUES) {
      throw new CopyStopped(wording(`at most ${MOST_VALUES} values`, `holds more than ${MOST_VALUES} values`));
    }
  };

  const copy = (from: unknown, anyName: boolean): unknown => {
    if (typeof from === 'string') {
      characters += from.length;
      if (characters > MOST_CHARACTERS) {
        throw new CopyStopped(wording(`at most ${MOST_CHARACTERS} characters of text`, 'holds too much text'));
      }
      return from;
    }
    if (typeof from !== 'object' || from === null) return from;
    const isArray = Array.isArray(from);
    if (!isArray && !isPlainObject(from))
      throw new CopyStopped(wording('plain data', `is ${received(from)}, not data`));
    if (ancestors.length >= DEEPEST) {
      const text = ancestors.includes(from) ? 'contains itself' : `is nested deeper than ${DEEPEST} levels`;
      throw new CopyStopped(wording(`at most ${DEEPEST} levels`, text));
    }
    ancestors.push(from);
    const made = isArray ? copyArray(from, anyName) : copyRecord(from, anyName);
    ancestors.pop();
    return made;
  };

  const copyArray = (from: readonly unknown[], anyName: boolean): readonly unknown[] => {
    count(from.length);
    const to: unknown[] = [];
    for (let index = 0; index < from.length; index++) {
      path.push(String(index));
      to.push(copy(from[index], anyName));
      path.pop();
    }
    return to;
  };

  const copyRecord = (from: Readonly<Record<string, unknown>>, anyName: boolean): object => {
    const names = Object.keys(from);
    count(names.length);
    const to: Record<string, unknown> = Object.create(null);
    for (const name of names) {
      path.push(name);
      if (!anyName && TREACHEROUS.has(name)) throw new CopyStopped(wording('a known key', 'unknown key'));
      const member = from[name];
      const kept = ancestors.length === 1 && opaque.has(name);
      // The value of a JSON answer is data of somebody else: its keys may have any name.
      if (member !== undefined) to[name] = kept ? member : copy(member, anyName || name === 'json');
      path.pop();
    }
    return to;
  };

  try {
    return { ok: true, value: copy(value, false) };
  } catch (cause) {
    const reason =
      cause instanceof CopyStopped ? cause.wording : wording('readable data', `cannot be read: ${reasonOf(cause)}`);
    return { ok: false, path: oneLine(path.join('.')), wording: reason };
  }
};

/**
 * Freezes plain data all the way down, leaving functions, instances of classes and the members named in `opaque` alone.
 *
 * The data must have been copied by `copyPlainData` before: that it is neither cyclic nor too deep is relied on.
 *
 * @throws TypeError when something cannot be frozen, for example the namespace of a module.
 */
export const freezePlainData = (value: unknown, opaque: ReadonlySet<string> = new Set()): void => {
  if (Array.isArray(value)) {
    for (const member of value) freezePlainData(member);
    Object.freeze(value);
  } else if (isPlainObject(value)) {
    for (const name of Object.keys(value)) if (!opaque.has(name)) freezePlainData(value[name]);
    Object.freeze(value);
  }
};

/** Whether two values are the same data: records and arrays by content, everything else by identity. */
export const sameData = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((member, index) => sameData(member, b[index]));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameData(a[name], b[name]))
  );
};
