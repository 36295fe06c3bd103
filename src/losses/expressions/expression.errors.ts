import { AppError } from '../../common/errors/app-error.js';
import { type Span } from './expression-tree.js';

const SHOWN = 80;

/** Something is wrong in a loss's source. The message shows where; details.position counts characters from 0. */
export class ExpressionError extends AppError {
  constructor(field: string, source: string, span: Span, problem: string, remedy?: string) {
    super(
      'invalid_expression',
      'user',
      400,
      `${field}, character ${span.from + 1}: ${problem}\n${excerpt(source, span)}`,
      {
        field,
        position: span.from,
        end: Math.min(span.to, source.length),
        ...(remedy === undefined ? {} : { remedy }),
      },
    );
  }
}

/** The source around the problem, marked in the line below. */
function excerpt(source: string, { from, to }: Span): string {
  const start = Math.max(0, Math.min(from - SHOWN / 2, source.length - SHOWN));
  const line = source.slice(start, start + SHOWN).replace(/\s/g, ' ');
  const marks = Math.max(1, Math.min(to, start + SHOWN) - from);
  return `  ${line}\n  ${' '.repeat(from - start)}${'^'.repeat(marks)}`;
}
