import ts from 'typescript';

/** A file of `lib/`, by its path from the root of the repository: `lib/cluster/plan.ts`. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** One place where a file names another module. */
export interface Import {
  readonly specifier: string;
  /** Erased when compiled: `import type`, `export type … from` and `import('…')` in a type. */
  readonly typeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

export interface Module extends SourceText {
  readonly imports: readonly Import[];
}

/** Reads what a file imports; a dynamic import of anything but a literal names no module and is left out. */
export const readModule = ({ path, text }: SourceText): Module => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    imports.push({ specifier: specifier.text, typeOnly, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A } from 'x'` still loads `x`, so only the keyword on the whole clause counts.
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, text, imports };
};

/** Says why a file is not a door (nothing but named re-exports from rooms); empty when it is one. */
export const readDoor = ({ path, text }: SourceText): readonly string[] => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const faults = source.statements.flatMap((statement) => {
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    const fault = doorFault(statement);
    return fault === undefined ? [] : [`${path}:${line} ${fault}`];
  });
  return source.statements.length === 0 ? [`${path} is an empty door`] : faults;
};

const doorFault = (statement: ts.Statement): string | undefined => {
  if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) {
    return 'is not a re-export: a door contains nothing else';
  }
  if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) {
    return 're-exports everything: a door names what it lets through';
  }
  const specifier = ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
  return /^\.\/[^./]+\/./.test(specifier) ? undefined : `re-exports from '${specifier}', which is not in a room`;
};
