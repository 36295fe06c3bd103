import { ELEMENTWISE } from './elementwise.js';
import { type LossProgram, type Step } from './loss-program.js';
import { REDUCTIONS } from './reductions.js';

/**
 * What a step depends on: on one datum only (and config), on all of them by a sum of such, or on all of them otherwise.
 */
type Reach = 'datum' | 'sum' | 'batch';

/**
 * Is the gradient of a loss at one datum the same whatever other datums are in the batch? It is where the loss is a sum
 * over datums or tokens of what each is by itself, or is made of such sums by adding, subtracting and constant factors.
 */
export function isSumOverDatums({ steps, loss }: LossProgram): boolean {
  const reach: Reach[] = [];
  for (const step of steps) reach.push(reachOf(step, steps, reach));
  return reach[loss] === 'sum';
}

function reachOf({ operation, inputs, shape }: Step, steps: readonly Step[], reach: readonly Reach[]): Reach {
  const own = inputs.every((input) => reach[input] === 'datum');
  switch (operation.kind) {
    case 'count':
    case 'group':
      return 'batch';
    case 'reduce':
      if (!own) return 'batch';
      if (operation.over === 'datum') return 'datum';
      return operation.function === REDUCTIONS.get('sum') ? 'sum' : 'batch';
    case 'elementwise':
      return own ? 'datum' : shape === 'one' && isLinear(operation.function, inputs, steps, reach) ? 'sum' : 'batch';
    default:
      return own ? 'datum' : 'batch';
  }
}

/** Is it a sum, a difference or a multiple of sums? */
function isLinear(
  elementwise: unknown,
  inputs: readonly number[],
  steps: readonly Step[],
  reach: readonly Reach[],
): boolean {
  const isSum = (input: number | undefined) => input !== undefined && reach[input] === 'sum';
  const isConstant = (input: number | undefined) =>
    input !== undefined && reach[input] === 'datum' && steps[input]!.shape === 'one';
  const [x, y] = inputs;
  switch (elementwise) {
    case ELEMENTWISE.get('+'):
    case ELEMENTWISE.get('-'):
    case ELEMENTWISE.get('negate'):
      return inputs.every((input) => isSum(input) || isConstant(input));
    case ELEMENTWISE.get('*'):
      return (isSum(x) && isConstant(y)) || (isConstant(x) && isSum(y));
    case ELEMENTWISE.get('/'):
      return isSum(x) && isConstant(y);
    default:
      return false;
  }
}
