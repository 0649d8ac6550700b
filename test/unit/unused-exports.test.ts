import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** The folders whose exports are checked; files elsewhere are only read for their imports. */
const CHECKED = /^(?:src|sandbox|bench|bin|test)\//;

/** The text of each file by its path. */
type Tree = ReadonlyMap<string, string>;

/** Returns every export of the checked folders that no file of the tree imports, as "path: name". */
function unusedExports(tree: Tree): string[] {
  const declared: string[] = [];
  const read = new Set<string>();
  for (const [path, text] of tree) {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
    if (CHECKED.test(path)) declared.push(...exportsOf(source).map((name) => `${path}: ${name}`));
    for (const [specifier, name] of importsOf(source)) read.add(`${join(dirname(path), specifier)}: ${name}`);
  }
  return declared.filter((entry) => !read.has(entry) && !read.has(entry.replace(/: .*$/, ': *')));
}

function exportsOf(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const has = (kind: ts.SyntaxKind) => modifiers.some((modifier) => modifier.kind === kind);
    if (!has(ts.SyntaxKind.ExportKeyword) || has(ts.SyntaxKind.DefaultKeyword)) return [];
    if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(namesOf);
    const { name } = statement as ts.DeclarationStatement;
    return name && ts.isIdentifier(name) ? [name.text] : [];
  });
}

function namesOf({ name }: ts.VariableDeclaration | ts.BindingElement): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesOf(element)));
}

/** Returns what a file imports from other files of the tree: [path as written, name]. "*" is all of a module. */
function importsOf(source: ts.SourceFile): [specifier: string, name: string][] {
  const found: [string, string][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      const given = node.moduleSpecifier;
      const names = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
      const listed = names && (ts.isNamedImports(names) || ts.isNamedExports(names)) ? names.elements : null;
      if (given && ts.isStringLiteral(given) && (listed || names || ts.isExportDeclaration(node)))
        for (const name of listed?.map((element) => (element.propertyName ?? element.name).text) ?? ['*'])
          found.push([given.text, name]);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [given] = node.arguments;
      if (given && ts.isStringLiteralLike(given)) found.push([given.text, '*']);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal))
      found.push([node.argument.literal.text, '*']);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.filter(([specifier]) => specifier.startsWith('.'));
}

it('leaves no export that no file imports', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', '*.ts', '*.tsx', '*.js', '*.mjs'], { encoding: 'utf8' });
  const paths = tracked.split('\0').filter((path) => path !== '' && existsSync(path));
  expect(paths.length).toBeGreaterThan(500);
  expect(unusedExports(new Map(paths.map((path) => [path, readFileSync(path, 'utf8')])))).toEqual([]);
});

it.each([
  ["import { used } from './one.ts';", ['src/one.ts: unused', 'src/one.ts: Unused', 'src/one.ts: left']],
  ["import { unused as used, type Unused } from './one.ts';", ['src/one.ts: used', 'src/one.ts: left']],
  ["export { left } from './one.ts';", ['src/one.ts: used', 'src/one.ts: unused', 'src/one.ts: Unused']],
  ["const { used } = await import('./one.ts');", []],
  ["import * as one from './one.ts';", []],
  ["import './one.ts';", ['src/one.ts: used', 'src/one.ts: unused', 'src/one.ts: Unused', 'src/one.ts: left']],
])('finds what %s leaves unused', (text, left) => {
  const one = `export const used = 1; export function unused() {} export interface Unused {} export const { left } = it;`;
  expect(
    unusedExports(
      new Map([
        ['src/one.ts', one],
        ['src/two.ts', text],
      ]),
    ),
  ).toEqual(left);
});
