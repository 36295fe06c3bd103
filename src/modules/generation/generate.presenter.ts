import { Injectable } from '@nestjs/common';
import { type OperationData } from '../../domain/operation-data.js';
import { decodeGenerated, type Generated } from '../../operations/payloads/generate-result.js';
import { type GeneratedDto, ResultPresenter } from '../futures/index.js';
import { type GenerateResultDto } from './dto/generate.dto.js';
import { type Sampled } from './generation.service.js';

/** A request that is done as POST /generate answers it. */
export function presentSampled({ requestId, modelId, generated }: Sampled): GenerateResultDto {
  return { request_id: requestId, model_id: modelId, ...presentGenerated(generated) };
}

/** Its result as the root routes fetch it later. */
@Injectable()
export class GeneratePresenter extends ResultPresenter {
  override readonly kinds = ['generate'] as const;

  override present(result: OperationData): Record<string, unknown> {
    return { ...presentGenerated(decodeGenerated(result)) };
  }
}

function presentGenerated({ sequences, promptTokens, completionTokens, seed }: Generated): GeneratedDto {
  return {
    text: sequences[0]?.text ?? '',
    sequences: sequences.map(({ text, tokens, logprobs, stopReason }) => ({
      text,
      tokens: Array.from(tokens),
      ...(logprobs ? { logprobs: Array.from(logprobs) } : {}),
      stop_reason: stopReason,
    })),
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens },
    seed,
  };
}
