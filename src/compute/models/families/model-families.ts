import { type ModelFamilyName } from '../../../domain/model/model-config.js';
import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { GEMMA3 } from './gemma3.js';
import { LLAMA } from './llama.js';
import { MISTRAL } from './mistral.js';
import { type LocalFamily, type ModelFamily } from './model-family.js';
import { OLMO2 } from './olmo2.js';
import { PHI3 } from './phi3.js';
import { QWEN2 } from './qwen2.js';
import { QWEN3 } from './qwen3.js';
import { QWEN3_MOE } from './qwen3-moe.js';
import { SMOLLM3 } from './smollm3.js';

/** The families that the local engine computes. */
export const LOCAL_FAMILIES: Readonly<Record<TransformerConfig['family'], LocalFamily>> = {
  llama: LLAMA,
  mistral: MISTRAL,
  qwen2: QWEN2,
  qwen3: QWEN3,
};

/** All families that some backend computes, by the `model_type` of their config.json. */
export const MODEL_FAMILIES: Readonly<Record<ModelFamilyName, ModelFamily>> = {
  ...LOCAL_FAMILIES,
  gemma3_text: GEMMA3,
  olmo2: OLMO2,
  phi3: PHI3,
  qwen3_moe: QWEN3_MOE,
  smollm3: SMOLLM3,
};

export type BackendKind = 'local' | 'torch' | 'megatron';

/** What each backend computes. Megatron's checkpoints are mapped by hand, so it has the local ones alone. */
export const BACKEND_FAMILIES: Readonly<Record<BackendKind, readonly ModelFamily[]>> = {
  local: Object.values(LOCAL_FAMILIES),
  torch: Object.values(MODEL_FAMILIES),
  megatron: Object.values(LOCAL_FAMILIES),
};
