import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { LLAMA } from './llama.js';
import { MISTRAL } from './mistral.js';
import { type ModelFamily } from './model-family.js';
import { QWEN2 } from './qwen2.js';
import { QWEN3 } from './qwen3.js';

/** The families that the engine computes, by the `model_type` of their config.json. */
export const MODEL_FAMILIES: Readonly<Record<TransformerConfig['family'], ModelFamily>> = {
  llama: LLAMA,
  mistral: MISTRAL,
  qwen2: QWEN2,
  qwen3: QWEN3,
};
