/**
 * Sizes of tensor axes. A size is a number, or a product of a number and symbols that are bound only when the graph
 * runs ('T', '3*S', 'B*S'), so that one compiled graph serves every batch. Symbolic sizes are kept in one canonical
 * spelling: equal sizes are equal strings, which is all that shape checking needs.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Values of the symbols for one run. */
export type DimBindings = ReadonlyMap<string, number>;

interface Product {
  factor: number;
  symbols: string[];
}

function parse(dim: Dim): Product {
  if (typeof dim === 'number') return { factor: dim, symbols: [] };
  const parts = dim.split('*');
  const factor = Number(parts[0]);
  return Number.isNaN(factor) ? { factor: 1, symbols: parts } : { factor, symbols: parts.slice(1) };
}

/** The product of sizes, in canonical spelling. */
export function product(...dims: readonly Dim[]): Dim {
  let factor = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    const parsed = parse(dim);
    factor *= parsed.factor;
    for (const symbol of parsed.symbols) symbols.push(symbol);
  }
  if (symbols.length === 0 || factor === 0) return factor;
  symbols.sort();
  return factor === 1 ? symbols.join('*') : [factor, ...symbols].join('*');
}

/** The size in numbers, given the symbols' values. */
export function resolveDim(dim: Dim, bindings: DimBindings): number {
  const { factor, symbols } = parse(dim);
  return symbols.reduce((size, symbol) => {
    const value = bindings.get(symbol);
    if (value === undefined) throw new Error(`Size '${symbol}' is not bound by any input of the graph.`);
    return size * value;
  }, factor);
}

export function resolveShape(shape: Shape, bindings: DimBindings): number[] {
  return shape.map((dim) => resolveDim(dim, bindings));
}

/** Number and symbols of which a size is the product. */
export function factorsOf(dim: Dim): { readonly factor: number; readonly symbols: readonly string[] } {
  return parse(dim);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/**
 * The shape of an elementwise operation on two shapes: axes are aligned from the right, an axis of size 1 stretches.
 * Two different symbols never match.
 */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`Shapes [${a.join(', ')}] and [${b.join(', ')}] cannot be broadcast together.`);
  });
}
