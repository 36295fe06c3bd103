import { AppError } from '../../common/errors/app-error.js';
import { type EvaluationComparison } from '../aliases/index.js';

/** What was to be promoted does worse than what is in use. */
export class WorseTargetError extends AppError {
  constructor(alias: string, target: string, { file, loss, currentLoss, tolerance }: EvaluationComparison) {
    const remedy = `The alias stays as it is. Train on, or set the target without a comparison with PUT /aliases/${alias}.`;
    const problem = `'${target}' has a mean loss of ${loss} per token on ${file}; that of '${alias}' is ${currentLoss}.`;
    const details = { field: 'target', file, loss, current_loss: currentLoss, tolerance, remedy };
    super('worse_target', 'user', 409, `${problem} ${remedy}`, details);
  }
}
