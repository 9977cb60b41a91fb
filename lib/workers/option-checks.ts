import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionsError } from '../config/errors.ts';
import { received } from '../config/received.ts';
import { LONGEST_MS } from '../supervision/limits.ts';

/** Refuses a value with what would be accepted, and what was there. */
const refuse = (option: string, expected: string, value: unknown): never => {
  throw new OptionsError(option, `${expected}, not ${received(value)}`);
};

const isWhole = (value: unknown, from: number, to: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to;

/** A number of milliseconds that a timer can count. */
export const durationMs = (option: string, value: unknown): number =>
  isWhole(value, 0, LONGEST_MS)
    ? value
    : refuse(option, `a whole number of milliseconds from 0 to ${LONGEST_MS}`, value);

export const wholeFrom = (from: number, option: string, value: unknown): number =>
  isWhole(value, from, Number.MAX_SAFE_INTEGER) ? value : refuse(option, `a whole number from ${from}`, value);

export const portNumber = (value: unknown): number =>
  isWhole(value, 0, 65_535) ? value : refuse('port', 'a port from 1 to 65535, or 0 when workers share none', value);

/** A part of something: 0 to 1. */
export const part = (option: string, value: unknown): number =>
  typeof value === 'number' && value >= 0 && value <= 1 ? value : refuse(option, 'a number from 0 to 1', value);

export const factor = (option: string, value: unknown): number =>
  typeof value === 'number' && value >= 1 && Number.isFinite(value) ? value : refuse(option, 'a number from 1', value);

export const text = (option: string, value: unknown): string =>
  typeof value === 'string' && value !== '' ? value : refuse(option, 'a text', value);

export const among = <T extends string>(option: string, value: unknown, allowed: readonly T[]): T =>
  allowed.find((candidate) => candidate === value) ?? refuse(option, `one of ${allowed.join(', ')}`, value);

/** What begins a URL; one letter is a drive. */
const SCHEME = /^[a-z][a-z\d+.-]+:/i;

/** The path of a module: from the working directory, or a file URL. Symbolic links stay in it, so that a deploy can turn them. */
export const modulePath = (option: string, value: unknown): string => {
  if (typeof value === 'string' && value !== '' && !SCHEME.test(value)) return resolve(value);
  if (value instanceof URL || typeof value === 'string') {
    try {
      return fileURLToPath(value);
    } catch {
      // Refused below, with what was given.
    }
  }
  return refuse(option, 'the path of a module, or a file URL', value instanceof URL ? value.href : value);
};

/** Refuses the path of a module that is not there, under any of the names that Node would find it by. */
export const assertModule = (option: string, path: string): void => {
  try {
    createRequire(path).resolve(path);
  } catch {
    throw new OptionsError(option, `the path of a module; there is none at ${path}`);
  }
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

export const texts = (option: string, value: unknown): readonly string[] =>
  isTexts(value) ? value : refuse(option, 'a list of texts', value);

export const list = (option: string, value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : refuse(option, 'a list', value);

/** Something to call, or nothing. */
export const callback = <T>(option: string, value: T): T =>
  value === undefined || typeof value === 'function' ? value : refuse(option, 'a function', value);

/** Variables by name; `undefined` takes one away. */
export const variables = (option: string, value: unknown): Readonly<Record<string, string | undefined>> => {
  const expected = 'an object with a text, or undefined, for each name';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(option, expected, value);
  const entries = Object.entries(value);
  const wrong = entries.find(([, content]) => content !== undefined && typeof content !== 'string');
  return wrong === undefined
    ? Object.fromEntries(entries)
    : refuse(`${option}.${wrong[0]}`, 'a text or undefined', wrong[1]);
};
