import { type OptimStepOrder } from '../../training/index.js';
import { refuseOtherKind, refuseOtherParams } from './dto/optimizer.js';
import { type TinkerOptimStepDto } from './dto/training.dto.js';

/** What optim_step asks for, with the SDK's defaults. @throws InvalidRequestError for other optimisers */
export function readTinkerOptimStep(dto: TinkerOptimStepDto): OptimStepOrder {
  refuseOtherParams(dto.optimizer_params, 'optimizer_params');
  refuseOtherParams(dto.optim_params, 'optim_params');
  refuseOtherKind(dto.adam_params?.type, 'adam_params.type');
  const given = dto.adam_params ?? {};
  return {
    modelId: dto.model_id,
    seqId: dto.seq_id ?? undefined,
    params: {
      learningRate: given.learning_rate ?? 1e-4,
      beta1: given.beta1 ?? 0.9,
      beta2: given.beta2 ?? 0.95,
      eps: given.eps ?? 1e-12,
      weightDecay: given.weight_decay ?? 0,
      // To the SDK everything up to 0 means no cap.
      gradClipNorm: Math.max(given.grad_clip_norm ?? 0, 0),
    },
  };
}
