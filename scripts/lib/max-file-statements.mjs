/**
 * An ESLint rule: a budget of statements for each file. It counts what a reader has to follow: statements, members of
 * classes, and arrow functions whose body is an expression (a return in disguise). Comments, blank lines, imports, types
 * and the lines of a literal cost nothing, so nobody gains by writing them tighter.
 */
const COUNTED = [
  ':statement:not(BlockStatement, EmptyStatement, ImportDeclaration, ExportAllDeclaration)',
  ':matches(MethodDefinition, PropertyDefinition)',
  'ArrowFunctionExpression[expression=true]',
].join(', ');

export const maxFileStatements = {
  meta: {
    type: 'suggestion',
    schema: [{ type: 'integer', minimum: 1 }],
    messages: { tooMany: 'This file has {{count}} statements; at most {{max}} fit one role. Part it.' },
  },
  create(context) {
    const [max] = context.options;
    let count = 0;
    return {
      [COUNTED](node) {
        // `export const x` is one statement, and a declaration of types alone is none.
        if (node.type === 'ExportNamedDeclaration' || node.type.startsWith('TS')) return;
        count++;
      },
      'Program:exit'(node) {
        if (count > max) context.report({ node, messageId: 'tooMany', data: { count, max } });
      },
    };
  },
};
