"""Write the benchmark checkpoint as GGUF, the format of llama.cpp, once in float32 and once with 8-bit weights (Q8_0).

    python bench/peer/make_gguf.py <checkpoint folder>      writes model-f32.gguf and model-q8_0.gguf beside it

Existing files are kept. The weights are random, so there is no text to make: the vocabulary is one of numbered tokens.
Names and layout are those of llama.cpp's convert_hf_to_gguf.py for LlamaForCausalLM: rows of the query and key projections are
permuted, because llama.cpp rotates neighbouring dimensions where transformers rotates halves.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

LAYER_NAMES = {
    'input_layernorm': 'attn_norm',
    'self_attn.q_proj': 'attn_q',
    'self_attn.k_proj': 'attn_k',
    'self_attn.v_proj': 'attn_v',
    'self_attn.o_proj': 'attn_output',
    'post_attention_layernorm': 'ffn_norm',
    'mlp.gate_proj': 'ffn_gate',
    'mlp.up_proj': 'ffn_up',
    'mlp.down_proj': 'ffn_down',
}
TOP_NAMES = {'model.embed_tokens.weight': 'token_embd.weight', 'model.norm.weight': 'output_norm.weight'}
TYPES = {'f32': gguf.GGMLQuantizationType.F32, 'q8_0': gguf.GGMLQuantizationType.Q8_0}


def gguf_name(name: str) -> str:
    if name in TOP_NAMES:
        return TOP_NAMES[name]
    layer, rest = name.removeprefix('model.layers.').split('.', 1)
    return f'blk.{layer}.{LAYER_NAMES[rest.removesuffix(".weight")]}.weight'


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def heads_of(name: str, config: dict) -> int | None:
    if '.q_proj.' in name:
        return config['num_attention_heads']
    return config['num_key_value_heads'] if '.k_proj.' in name else None


def describe(writer: gguf.GGUFWriter, config: dict) -> None:
    writer.add_context_length(config['max_position_embeddings'])
    writer.add_embedding_length(config['hidden_size'])
    writer.add_block_count(config['num_hidden_layers'])
    writer.add_feed_forward_length(config['intermediate_size'])
    writer.add_head_count(config['num_attention_heads'])
    writer.add_head_count_kv(config['num_key_value_heads'])
    writer.add_layer_norm_rms_eps(config['rms_norm_eps'])
    writer.add_rope_dimension_count(config['head_dim'])
    writer.add_rope_freq_base(config['rope_parameters']['rope_theta'])
    writer.add_vocab_size(config['vocab_size'])
    writer.add_tokenizer_model('gpt2')
    writer.add_tokenizer_pre('default')
    writer.add_token_list([f't{i}' for i in range(config['vocab_size'])])
    writer.add_token_types([gguf.TokenType.NORMAL] * config['vocab_size'])
    writer.add_token_merges(['t t'])
    writer.add_bos_token_id(config['bos_token_id'])
    writer.add_eos_token_id(config['eos_token_id'])


def write(folder: Path, target: Path, kind: str) -> None:
    config = json.loads((folder / 'config.json').read_text())
    # Written beside, then renamed: an interrupted run leaves no file that looks complete.
    partial = target.with_suffix('.partial')
    writer = gguf.GGUFWriter(partial, 'llama')
    describe(writer, config)
    for name, weight in load_file(folder / 'model.safetensors').items():
        heads = heads_of(name, config)
        tensor = weight if heads is None else permuted(weight, heads)
        dtype = TYPES[kind] if tensor.ndim == 2 else TYPES['f32']
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(np.ascontiguousarray(tensor), dtype), raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.rename(target)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    for kind in TYPES:
        target = folder / f'model-{kind}.gguf'
        if not target.exists():
            write(folder, target, kind)


if __name__ == '__main__':
    main()
