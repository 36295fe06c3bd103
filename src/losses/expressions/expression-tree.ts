/** Where something stands in its source: character offsets, `to` behind the last character. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * An expression as it is written, before any name or shape is known. Operators are calls of the function of their name
 * ('+', 'and', 'negate', ...), so that everything behind the parser has three kinds of nodes to deal with.
 */
export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly span: Span };
