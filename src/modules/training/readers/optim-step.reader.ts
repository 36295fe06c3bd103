import { oneSetting } from '../../../common/json/one-setting.js';
import { type AdamParams, DEFAULT_ADAM } from '../../../domain/adapter/adam-params.js';
import { type AdamParamsDto, type OptimStepDto } from '../dto/optim-step.dto.js';
import { type OptimStepOrder } from '../training-orders.js';

/** What POST /optim_step asks for. @throws InvalidRequestError */
export function readOptimStep(dto: OptimStepDto): OptimStepOrder {
  return { modelId: dto.model_id, seqId: dto.seq_id ?? undefined, params: readAdamParams(dto.adam_params) };
}

/** Defaults for what is left out. @throws InvalidRequestError where two names of one setting have two values */
export function readAdamParams(given: AdamParamsDto | undefined, field = 'adam_params'): AdamParams {
  const dto = given ?? {};
  const one = (first: number | undefined, second: number | undefined, name: string, alias: string) =>
    oneSetting(first, second, `${field}.${name}`, `${field}.${alias}`);
  return {
    learningRate: one(dto.learning_rate, dto.lr, 'learning_rate', 'lr') ?? DEFAULT_ADAM.learningRate,
    beta1: one(dto.beta1, dto.betas?.[0], 'beta1', 'betas[0]') ?? DEFAULT_ADAM.beta1,
    beta2: one(dto.beta2, dto.betas?.[1], 'beta2', 'betas[1]') ?? DEFAULT_ADAM.beta2,
    eps: dto.eps ?? DEFAULT_ADAM.eps,
    weightDecay: dto.weight_decay ?? DEFAULT_ADAM.weightDecay,
    gradClipNorm:
      one(dto.grad_clip_norm, dto.max_grad_norm, 'grad_clip_norm', 'max_grad_norm') ?? DEFAULT_ADAM.gradClipNorm,
  };
}
