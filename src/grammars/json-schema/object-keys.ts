import { choice, literal, sequence } from '../ebnf.js';
import { rawCharBut } from '../json-rules.js';

interface KeyNode {
  readonly next: Map<string, KeyNode>;
  isName: boolean;
}

/** The inside of a key that is none of these names. `rule` names an expression. Keys are written without escapes. */
export function keyBut(names: readonly string[], rule: (expression: string) => string): string {
  const root: KeyNode = { next: new Map(), isName: false };
  for (const name of names) {
    let node = root;
    for (const character of name) {
      const next = node.next.get(character) ?? { next: new Map<string, KeyNode>(), isName: false };
      node.next.set(character, next);
      node = next;
    }
    node.isName = true;
  }
  return from(root, rule);
}

function from({ next, isName }: KeyNode, rule: (expression: string) => string): string {
  const known = [...next].map(([character, node]) => sequence(literal(character), from(node, rule)));
  const other = sequence(rawCharBut([...next.keys()]), 'json_plain*');
  return rule(choice([...(isName ? [] : ['""']), other, ...known]));
}
