import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type ParsedNode,
  Parser,
  type YAMLError,
} from 'yaml';
import { type DataText, duplicateKey, MAX_DEPTH, type TextFault, TOO_DEEP } from '../../config/data-text.ts';
import type { Place } from '../../config/place.ts';

/** Copies that aliases may make while a document becomes a value; the limit is what stops a "billion laughs" file. */
const MAX_ALIAS_COUNT = 100;

/**
 * Reads one YAML 1.2 document, and says where everything stands.
 *
 * Refused beyond what YAML refuses: several documents, one key twice (`1` and `"1"` are the same key of an object),
 * keys that are lists or maps, unknown tags, and nesting deeper than 100 levels.
 */
export const parseYaml = (text: string): DataText => {
  // Before anything else: the composer recurses, and it turns a few hundred braces into a key of braces by compiling
  // a regular expression of that size, which ends the process instead of throwing.
  const tooDeep = findDeepNesting(text);
  if (tooDeep !== undefined) return { ok: false, faults: [{ ...TOO_DEEP, at: tooDeep }] };

  const [document, second] = [
    ...new Composer({ uniqueKeys: false }).compose(new Parser().parse(text), true, text.length),
  ];
  if (document === undefined) throw new TypeError('the composer was asked for a document and gave none');
  const [broken, ...rest] = [...document.errors, ...document.warnings].map(toFault);
  if (broken !== undefined) return { ok: false, faults: [broken, ...rest] };
  if (second !== undefined) return { ok: false, faults: [{ ...SECOND_DOCUMENT, at: second.range[0] }] };

  const faults: TextFault[] = [];
  const place = toPlace(document.contents, 0, 0, (fault) => faults.push(fault), text);
  const [first, ...others] = faults;
  if (first !== undefined) return { ok: false, faults: [first, ...others] };
  return toValue(document, place);
};

const SECOND_DOCUMENT = {
  code: 'ERR_SOURCE_SYNTAX',
  message: 'a second document starts here',
  hint: 'a file holds one configuration: remove the "---" and what follows',
} as const satisfies TextFault;

const toValue = (document: Document.Parsed<ParsedNode>, place: Place): DataText => {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: MAX_ALIAS_COUNT }), place };
  } catch (cause) {
    // Only aliases can still fail: one that names nothing, or too many copies.
    const message = cause instanceof Error ? firstLine(cause.message) : 'an alias cannot be resolved';
    return {
      ok: false,
      faults: [{ code: 'ERR_SOURCE_SYNTAX', message, hint: 'check the anchors (&) and aliases (*)', cause }],
    };
  }
};

const toFault = (error: YAMLError): TextFault => ({
  code: error.code === 'RESOURCE_EXHAUSTION' ? 'ERR_SOURCE_TOO_DEEP' : 'ERR_SOURCE_SYNTAX',
  message: firstLine(error.message),
  hint: HINTS[error.code] ?? 'check the indentation, the quotes and the brackets above',
  at: error.pos[0],
  cause: error,
});

const HINTS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'indent what belongs together by the same number of spaces',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or a quote is not closed',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes, or on a line of its own',
  TAG_RESOLVE_FAILED: 'use plain values: tags are not supported',
  BAD_ALIAS: 'put texts that start with * or & in quotes',
  BAD_SCALAR_START: 'put texts that start with @ or ` in quotes',
  RESOURCE_EXHAUSTION: TOO_DEEP.hint,
};

/** Sentences of the library start with a capital; ours do not. */
const firstLine = (message: string): string => {
  const line = message.split('\n', 1)[0] ?? message;
  return (line.charAt(0).toLowerCase() + line.slice(1)).replace(/[.:]$/, '');
};

const toPlace = (
  node: ParsedNode | null,
  at: number,
  depth: number,
  report: (fault: TextFault) => void,
  text: string,
): Place => {
  if (depth > MAX_DEPTH) {
    report({ ...TOO_DEEP, at });
    return { at };
  }
  if (isSeq<ParsedNode>(node)) {
    const items = node.items.map((item, index) => {
      const place = toPlace(item, item.range[0], depth + 1, report, text);
      return [String(index), place] as const;
    });
    return { at, members: new Map(items) };
  }
  if (!isMap<ParsedNode, ParsedNode | null>(node)) return { at };
  const members = new Map<string, Place>();
  for (const { key, value } of node.items) {
    const keyAt = key.range[0];
    if (!isScalar(key) && !isAlias(key)) {
      report({
        code: 'ERR_SOURCE_SYNTAX',
        message: 'a key is a list or a map',
        hint: 'put the key in quotes',
        at: keyAt,
      });
      continue;
    }
    if (isScalar(key) && key.value === '<<' && isMerged(value)) report({ ...MERGE_KEY, at: keyAt });
    const name = String(isScalar(key) ? key.value : key.source);
    const earlier = members.get(name);
    if (earlier !== undefined) report(duplicateKey(text, name, keyAt, earlier.at));
    members.set(name, toPlace(value, keyAt, depth + 1, report, text));
  }
  return { at, members };
};

/** A key of YAML 1.1, which put the members of what an alias names beside those that stand here. */
const MERGE_KEY = {
  code: 'ERR_SOURCE_SYNTAX',
  message: 'merge keys (<<) are not supported',
  hint: 'use an alias for the whole value, or write out the members',
} as const satisfies TextFault;

const isMerged = (value: ParsedNode | null): boolean => isAlias(value) || (isSeq(value) && value.items.some(isAlias));

/**
 * Where nesting goes beyond the limit by brackets, or by indicators on one line (`- - - -`); nesting by indentation
 * alone cannot get far within 1 MiB.
 */
const findDeepNesting = (text: string): number | undefined => {
  let offset = 0;
  let brackets = 0;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets -= 1;
    else if (token.startsWith('\n') || token.startsWith('\r')) indicators = 0;
    else if (brackets === 0 && (token === '-' || token === '?' || token === ':')) indicators += 1;
    if (brackets > MAX_DEPTH || indicators > MAX_DEPTH) return offset;
    if (!MARKERS.has(token)) offset += token.length;
  }
  return undefined;
};

/** Tokens the lexer adds: document, flow-error end and scalar marks stand for no text. */
const MARKERS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);
