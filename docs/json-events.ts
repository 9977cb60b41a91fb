// Writes the fields of what `--json` prints into docs/reference/json-events.md, from the types that the code works with:
// `npm run docs`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const page = join(import.meta.dirname, 'reference', 'json-events.md');
const source = join(root, 'lib', 'cli', 'json-events.ts');

/** Declarations of Sluice's own; what Node and TypeScript declare needs no explanation here. */
const isOwn = (declaration: ts.Declaration): boolean =>
  declaration.getSourceFile().fileName.startsWith(join(root, 'lib'));

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const cell = (text: string): string => oneLine(text).replaceAll('|', '\\|');

/** What every line has, and the page explains once. */
const COMMON: ReadonlySet<string> = new Set(['type', 'at']);

/** The members of one kind of line as a table, and the types that it mentions. */
const describe = (checker: ts.TypeChecker, type: ts.Type, seen: Map<string, ts.Type>): string => {
  const members = type.getProperties().filter(({ name }) => !COMMON.has(name));
  const rows = members.map((member) => {
    const declaration = member.valueDeclaration ?? member.declarations?.[0];
    if (declaration === undefined) throw new Error(`${member.name} is declared nowhere`);
    const found = checker.getTypeOfSymbolAtLocation(member, declaration);
    const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const text = textOf(checker, checker.getNonNullableType(found), seen);
    const comment = ts.displayPartsToString(member.getDocumentationComment(checker));
    return `| \`${member.name}\`${isOptional ? ' (may be absent)' : ''} | ${cell(text)} | ${cell(comment)} |`;
  });
  return ['| Field | Type | |', '|---|---|---|', ...rows].join('\n');
};

/** A type as people write it; objects of Sluice by name, with a table of their own. */
const textOf = (checker: ts.TypeChecker, type: ts.Type, seen: Map<string, ts.Type>): string => {
  if (type.isUnion() && !(type.flags & ts.TypeFlags.Boolean)) {
    // In the order of letters: that of the compiler depends on what it has seen before.
    const texts = type.types.map((one) => textOf(checker, one, seen));
    return [...new Set(texts)].sort().join(' | ');
  }
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    return `array of ${element === undefined ? 'anything' : textOf(checker, element, seen)}`;
  }
  const symbol = type.aliasSymbol ?? type.getSymbol();
  const declaration = symbol?.declarations?.[0];
  const isNamed = symbol !== undefined && symbol.name !== '__type' && type.getProperties().length > 0;
  const isRecord = (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
  if (isNamed && declaration !== undefined && isOwn(declaration) && isRecord) {
    const namesake = seen.get(symbol.name);
    if (namesake !== undefined && namesake !== type) throw new Error(`two types are called ${symbol.name}`);
    seen.set(symbol.name, type);
    return `[${symbol.name}](#${symbol.name.toLowerCase()})`;
  }
  const text = checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  return text === 'unknown' || text === '{}' ? 'any JSON' : `\`${text}\``;
};

/** The section of the page that is written by this program. */
export const drawEvents = (): string => {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([source], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  if (file === undefined) throw new Error(`there is no ${source}`);
  const seen = new Map<string, ts.Type>();
  const sections: string[] = [];
  const groups = [
    ['RunLine', 'Lines of `run` and `logs`'],
    ['ResultLine', 'Results of the other commands'],
  ] as const;
  for (const [name, title] of groups) {
    sections.push(`## ${title}`);
    const alias = file.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === name);
    if (alias === undefined || !ts.isTypeAliasDeclaration(alias)) throw new Error(`there is no ${name}`);
    const union = checker.getTypeAtLocation(alias);
    for (const type of union.isUnion() ? union.types : [union]) {
      const discriminant = type.getProperty('type');
      const kind = discriminant && checker.getTypeOfSymbolAtLocation(discriminant, file);
      const kinds = kind?.isUnion() ? kind.types : kind === undefined ? [] : [kind];
      const heading = kinds.map((one) => `\`${one.isStringLiteral() ? one.value : ''}\``).join(', ');
      const comment = ts.displayPartsToString(type.getSymbol()?.getDocumentationComment(checker));
      sections.push(`### ${heading}`, oneLine(comment), describe(checker, type, seen));
    }
  }
  sections.push('## What they are made of');
  const drawn = new Set<string>();
  // Types mention further types: until nothing new turns up.
  for (let next = [...seen]; next.length > 0; next = [...seen].filter(([name]) => !drawn.has(name))) {
    for (const [name, type] of next) {
      drawn.add(name);
      const comment = ts.displayPartsToString((type.aliasSymbol ?? type.getSymbol())?.getDocumentationComment(checker));
      sections.push(`### ${name}`, ...(comment === '' ? [] : [oneLine(comment)]), describe(checker, type, seen));
    }
  }
  return sections.join('\n\n');
};

/** The page with the fields of today between its two marks. */
export const withEvents = (text: string, events = drawEvents()): string =>
  text.replace(
    /(<!-- events -->\n)[\s\S]*?(<!-- \/events -->)/,
    (_, open: string, close: string) => `${open}\n${events}\n\n${close}`,
  );

export const readPage = (): string => readFileSync(page, 'utf8');

export const writePage = (): void => writeFileSync(page, withEvents(readPage()));
