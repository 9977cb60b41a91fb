import ts from 'typescript';

/** The names a door lets through without a TSDoc comment where they are declared. */
export const undocumented = (program: ts.Program, door: string): readonly string[] => {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(door);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (symbol === undefined) throw new Error(`${door} is not a module of this program`);
  return checker
    .getExportsOfModule(symbol)
    .filter((exported) => {
      const declared = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      return declared.getDocumentationComment(checker).length === 0;
    })
    .map((exported) => `${door}: ${exported.name} has no TSDoc`);
};

/** A program of files that exist only here; fit for syntax and symbols, not for type checking. */
export const inMemoryProgram = (files: Readonly<Record<string, string>>): ts.Program => {
  const host: ts.CompilerHost = {
    fileExists: (path) => path in files,
    readFile: (path) => files[path],
    getSourceFile: (path, target) => {
      const text = files[path];
      return text === undefined ? undefined : ts.createSourceFile(path, text, target);
    },
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (path) => path,
    getNewLine: () => '\n',
    useCaseSensitiveFileNames: () => true,
    writeFile: () => undefined,
  };
  const options = { noLib: true, allowImportingTsExtensions: true, module: ts.ModuleKind.ESNext };
  return ts.createProgram(Object.keys(files), { ...options, moduleResolution: ts.ModuleResolutionKind.Bundler }, host);
};
