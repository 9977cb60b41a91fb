import * as v from 'valibot';
import { nearest } from './nearest.ts';
import { UNKNOWN_KEY, wording } from './wording.ts';

/** Reports one problem below the value that is checked: where, what stood there, and a packed wording. */
export type Report = (path: readonly string[], input: unknown, text: string) => void;

/** Looks at a record, or a list by index, whose members may each be wrong. */
export type Check = (record: Readonly<Record<string, unknown>>, report: Report) => void;

/**
 * A rule about several members of a record at once.
 *
 * It runs even when members are wrong by themselves, so that a first look names everything; it must therefore take
 * nothing about them for granted.
 */
export const rule = <Input>(check: Check) =>
  v.rawCheck<Input>(({ dataset, addIssue }) => {
    const record: unknown = dataset.value;
    if (!isRecord(record)) return;
    check(record, (path, input, message) => {
      const [first, ...rest] = path.map((key) => ({
        type: 'unknown' as const,
        origin: 'value' as const,
        input: record,
        key,
        value: input,
      }));
      addIssue(first === undefined ? { input, message } : { input, message, path: [first, ...rest] });
    });
  });

/** Whether it has members. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Keeps arrays out of a schema for records, which would take them for records with numbers as keys. */
export const noArray = <Schema extends v.GenericSchema>(schema: Schema, text: string): Schema => ({
  ...schema,
  '~run': (dataset, config) => (Array.isArray(dataset.value) ? v.never(text) : schema)['~run'](dataset, config),
});

/**
 * A record with known members only. Each unknown one is an issue of its own, which names the nearest known key.
 *
 * A member that must be there and is not is reported in the words of its own schema.
 *
 * @param name - what the record is called in messages, with its article.
 * @param meant - the hints for keys of other programs that stand for known ones here.
 */
export const shape = <const Entries extends v.ObjectEntries>(
  name: string,
  entries: Entries,
  meant: Readonly<Record<string, string>> = {},
) => {
  const known = Object.keys(entries);
  const missing = (issue: v.LooseObjectIssue): string => {
    const key = issue.path?.[0].key;
    const entry: unknown = typeof key === 'string' ? entries[key] : undefined;
    return isRecord(entry) && typeof entry.message === 'string' ? entry.message : wording(name);
  };
  return v.pipe(
    noArray(v.looseObject(entries, missing), wording(name)),
    v.metadata({ additionalProperties: false }),
    rule((record, report) => {
      for (const key of Object.keys(record)) {
        if (Object.hasOwn(entries, key)) continue;
        const near = nearest(key, known);
        const byName = Object.hasOwn(meant, key) ? meant[key] : undefined;
        const hint = byName ?? (near === undefined ? '' : `did you mean '${near}'?`);
        report([key], record[key], wording(`one of ${known.join(', ')}`, UNKNOWN_KEY, hint));
      }
    }),
  );
};

/** A whole number within bounds that both belong to it. */
export const wholeNumber = (least: number, most: number) => {
  const text = wording(`a whole number from ${least} to ${most}`);
  return v.pipe(v.number(text), v.integer(text), v.minValue(least, text), v.maxValue(most, text));
};
