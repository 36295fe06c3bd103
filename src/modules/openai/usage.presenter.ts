import { type Generated } from '../../operations/payloads/generate-result.js';
import { type TokenUsageDto } from './sampling-settings.dto.js';

export function presentUsage({
  promptTokens,
  completionTokens,
}: Pick<Generated, 'promptTokens' | 'completionTokens'>): TokenUsageDto {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
