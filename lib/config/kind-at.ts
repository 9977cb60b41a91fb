import type { Kind } from './interpolate.ts';
import { fileDataSchema } from './schema.ts';

/** What the schema of a config file expects at a place: a number, true or false, or something else. */
export const kindAt = (path: readonly string[]): Kind => {
  let schemas: readonly unknown[] = [fileDataSchema];
  for (const key of path) schemas = schemas.flatMap((schema) => below(schema, key));
  const kinds = new Set(schemas.flatMap(alternatives).flatMap(typesOf));
  // Where a text is as good as a number, what was written is one.
  if (kinds.has('string')) return 'text';
  return kinds.has('number') ? 'number' : kinds.has('boolean') ? 'boolean' : 'text';
};

/** The schemas a value may be held against: what is around it removed, and each of its alternatives. */
const alternatives = (schema: unknown): readonly unknown[] => {
  const { type, wrapped, options } = partsOf(schema);
  if (wrapped !== undefined) return alternatives(wrapped);
  return type === 'union' && Array.isArray(options) ? options.flatMap(alternatives) : [schema];
};

const below = (schema: unknown, key: string): readonly unknown[] =>
  alternatives(schema).flatMap((alternative) => {
    const { entries, value, item } = partsOf(alternative);
    if (typeof entries === 'object' && entries !== null) {
      return Object.hasOwn(entries, key) ? [Reflect.get(entries, key)] : [];
    }
    return [item ?? value].filter((member) => member !== undefined);
  });

interface Parts {
  readonly type?: unknown;
  readonly wrapped?: unknown;
  readonly options?: unknown;
  readonly entries?: unknown;
  readonly value?: unknown;
  readonly item?: unknown;
  readonly literal?: unknown;
}

/** What Valibot's schemas are made of; each kind has some of these. */
const partsOf = (schema: unknown): Parts => (typeof schema === 'object' && schema !== null ? schema : {});

/** The types of what a schema without alternatives accepts. */
const typesOf = (schema: unknown): readonly unknown[] => {
  const { type, literal, options } = partsOf(schema);
  if (type === 'literal') return [typeof literal];
  return type === 'picklist' && Array.isArray(options) ? options.map((option) => typeof option) : [type];
};
