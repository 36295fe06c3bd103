import { LLAMA } from './llama.js';
import { type LocalFamily } from './model-family.js';

/** Mistral 7B and Nemo (arXiv:2310.06825): Llama's layers with a sliding attention window. */
export const MISTRAL: LocalFamily = {
  ...LLAMA,
  name: 'mistral',
  architecture: 'MistralForCausalLM',
  configuration: {
    defaults: {
      vocab_size: 32_000,
      intermediate_size: 14_336,
      max_position_embeddings: 131_072,
      num_key_value_heads: 8,
      head_dim: null,
    },
    derivedFromNull: ['head_dim'],
    slidingWindow: 'always',
    rejectsLayerTypes: 'Ministral',
  },
};
