import { type ModelConfig, type ModelFamilyName } from '../../domain/model/model-config.js';
import { ExportUnsupportedError } from '../export.errors.js';

/** llama.cpp's name of a family that it computes as transformers does, in files written here. */
const ARCHITECTURES: Partial<Record<ModelFamilyName, string>> = {
  llama: 'llama',
  mistral: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
};

/** Tensors of a layer by their names in transformers, without `.weight` and `.bias` (gguf-py/gguf/tensor_mapping.py). */
const LAYER_NAMES: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
const TOP_NAMES: Readonly<Record<string, string>> = {
  'model.embed_tokens.weight': 'token_embd.weight',
  'model.norm.weight': 'output_norm.weight',
  'lm_head.weight': 'output.weight',
};
const LAYER = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/;

/** @throws ExportUnsupportedError */
export function architectureOf({ family, headCount, headDim, hiddenSize }: ModelConfig): string {
  const architecture = ARCHITECTURES[family];
  if (architecture === undefined) {
    throw unsupported(
      `Models of the family ${family} cannot be exported as GGUF here; supported are ${Object.keys(ARCHITECTURES).join(', ')}`,
    );
  }
  if (architecture === 'qwen2' && headCount * headDim !== hiddenSize) {
    throw unsupported(
      `llama.cpp computes models of the family qwen2 only if their heads together are as wide as the model: ${headCount} heads of ` +
        `${headDim} dimensions are not ${hiddenSize}`,
    );
  }
  return architecture;
}

function unsupported(reason: string): ExportUnsupportedError {
  const remedy = 'Export with format=merged and convert the folder with a program that supports it.';
  return new ExportUnsupportedError(`${reason}. ${remedy}`, { field: 'format', remedy });
}

/** The name in GGUF of a parameter of the base model. */
export function ggufName(parameter: string): string {
  const [, layer, name = '', kind] = LAYER.exec(parameter) ?? [];
  const known = layer === undefined ? TOP_NAMES[parameter] : LAYER_NAMES[name];
  if (known === undefined) throw new RangeError(`${parameter} has no name in GGUF`);
  return layer === undefined ? known : `blk.${layer}.${known}.${kind}`;
}

/**
 * Llama's rotation takes neighbouring dimensions in llama.cpp and halves in transformers, so the rows of query and key
 * heads are permuted. Returns the size of a head, or null for tensors that are not permuted.
 */
export function interleavedHead(parameter: string, config: ModelConfig): number | null {
  return architectureOf(config) === 'llama' && /\.self_attn\.[qk]_proj\./.test(parameter) ? config.headDim : null;
}
