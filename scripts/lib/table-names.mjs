/** Finds the SQL tables that a source file names: in its statements, and by handing an entity's class to TypeORM. */
import ts from 'typescript';

const AFTER_KEYWORD = /\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?([a-z_]+)/g;
/** The name of the table is put in while the program runs. */
const OPEN_END = /\b(?:FROM|JOIN|UPDATE|INTO)\s+$/;

const isText = (node) =>
  ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);

/** `{ table, line }` for each table of `known` that the file names; `entities` maps the classes of entities to tables. */
export function tableNamesOf(file, text, known, entities) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found = [];
  const whole = [];
  let hasOpenEnd = false;
  const add = (table, node) => {
    if (!known.has(table)) return;
    found.push({ table, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
  };
  const visit = (node) => {
    if (isText(node)) {
      for (const [, table] of node.text.matchAll(AFTER_KEYWORD)) add(table, node);
      if (OPEN_END.test(node.text)) hasOpenEnd = true;
      if (known.has(node.text)) whole.push(node);
    } else if (ts.isCallExpression(node)) {
      for (const argument of node.arguments) {
        if (ts.isIdentifier(argument) && entities.has(argument.text)) add(entities.get(argument.text), argument);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  // A statement whose table is put in: the file's list of tables says which they may be.
  if (hasOpenEnd) for (const node of whole) add(node.text, node);
  return found;
}

/** `{ className, table }` of an entity's file, or undefined. */
export function entityOf(text) {
  const [, table, className] = /@Entity\('([a-z_]+)'\)[\s\S]*?export class (\w+)/.exec(text) ?? [];
  return table === undefined ? undefined : { className, table };
}
