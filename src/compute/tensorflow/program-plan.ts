import { type Node, type Tensor } from '../graph/graph.js';
import { type Program } from '../graph/program.js';

/**
 * What can be known about a run before it: which tensors are of no more use after each node, and where the value of
 * every symbolic size is first seen (on the shape of an input, or of a result such as a part of a split).
 */
export interface ProgramPlan {
  readonly steps: readonly PlanStep[];
  readonly inputSizes: readonly SymbolSite[];
  /** Weights that the program reads, by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly scalars: readonly { readonly tensor: Tensor; readonly value: number }[];
}

export interface PlanStep {
  readonly node: Node;
  /** Inputs and results that nothing reads after this node. */
  readonly lastUsed: readonly Tensor[];
  readonly sizes: readonly SymbolSite[];
}

/** Axis whose size is the symbol's value. */
export interface SymbolSite {
  readonly symbol: string;
  readonly tensor: Tensor;
  readonly axis: number;
}

export function planProgram(program: Program): ProgramPlan {
  const weights = new Map<string, Tensor>();
  const scalars = new Map<Tensor, number>();
  const lastUse = new Map<Tensor, Node>();
  const fed = new Set(program.inputs.values());
  const read = (tensor: Tensor) => {
    if (fed.has(tensor)) return;
    if (tensor.source.kind === 'weight') weights.set(tensor.source.name, tensor);
    if (tensor.source.kind === 'scalar') scalars.set(tensor, tensor.source.value);
  };
  for (const node of program.nodes) {
    for (const tensor of node.inputs) read(tensor);
    for (const tensor of [...node.outputs, ...node.inputs]) lastUse.set(tensor, node);
  }
  for (const tensor of program.outputs.values()) {
    read(tensor);
    lastUse.delete(tensor);
  }
  for (const tensor of [...weights.values(), ...scalars.keys()]) lastUse.delete(tensor);

  const known = new Set<string>();
  const inputSizes = newSymbols(program.inputs.values(), known);
  const steps = program.nodes.map((node) => ({
    node,
    lastUsed: [...new Set([...node.inputs, ...node.outputs])].filter((tensor) => lastUse.get(tensor) === node),
    sizes: newSymbols(node.outputs, known),
  }));
  return { steps, inputSizes, weights, scalars: [...scalars].map(([tensor, value]) => ({ tensor, value })) };
}

/** Symbols that are an axis of their own for the first time. */
function newSymbols(tensors: Iterable<Tensor>, known: Set<string>): SymbolSite[] {
  const sites: SymbolSite[] = [];
  for (const tensor of tensors) {
    tensor.shape.forEach((dim, axis) => {
      if (typeof dim !== 'string' || dim.includes('*') || known.has(dim)) return;
      known.add(dim);
      sites.push({ symbol: dim, tensor, axis });
    });
  }
  return sites;
}
