import { AppError } from '../../common/errors/app-error.js';
import { type Step } from './loss-program.js';

/** A written loss or its gradient is NaN or infinite on this batch. */
export class NonFiniteExpressionError extends AppError {
  constructor(name: string, loss: number, first: Step | null) {
    const where =
      first === null
        ? 'Every value is finite, but the gradient is not: a derivative is infinite, like that of sqrt or log at 0.'
        : `The first non-finite value is '${textOf(first)}' in ${first.origin.field}.`;
    super(
      'non_finite_loss',
      'user',
      422,
      `Loss '${name}' is ${Number.isFinite(loss) ? 'finite but its gradient is not' : loss}. ${where}`,
      {
        remedy:
          'Check for a division by 0, the log of 0, or exp of a large number; clip, or use log_sigmoid or logsumexp.',
      },
    );
  }
}

function textOf({ origin: { source, span } }: Step): string {
  return source.slice(span.from, span.to).slice(0, 80);
}
