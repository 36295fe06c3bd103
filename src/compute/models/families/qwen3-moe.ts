import { attentionProjections, gatedMlp } from './llama.js';
import { type ModelFamily } from './model-family.js';
import { QWEN_DEFAULTS } from './qwen2.js';
import { headNorms } from './qwen3.js';

/** Qwen3 with a mixture of experts in every layer (arXiv:2505.09388). */
export const QWEN3_MOE: ModelFamily = {
  name: 'qwen3_moe',
  architecture: 'Qwen3MoeForCausalLM',
  configuration: {
    defaults: {
      ...QWEN_DEFAULTS,
      hidden_size: 2048,
      intermediate_size: 6144,
      num_hidden_layers: 24,
      num_key_value_heads: 4,
    },
    derivedFromNull: [],
    experts: { num_experts: 128, moe_intermediate_size: 768 },
    ownFields: ['num_experts','num_local_experts','num_experts_per_tok','moe_intermediate_size','decoder_sparse_step','mlp_only_layers','norm_topk_prob','output_router_logits','router_aux_loss_coef'],
  },
  layerParameters(config) {
    const { hiddenSize, expertCount = 0 } = config;
    return [
      ['input_layernorm.weight', [hiddenSize]],
      ...attentionProjections(config),
      ...headNorms(config),
      ['post_attention_layernorm.weight', [hiddenSize]],
      ['mlp.gate.weight', [expertCount, hiddenSize]],
      ...Array.from({ length: expertCount }, (_, expert) => gatedMlp(config, `mlp.experts.${expert}`)).flat(),
    ];
  },
};
