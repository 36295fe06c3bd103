"""Write a random-weight checkpoint in the shape of SmolLM2-135M, in Hugging Face layout.

The benchmarks need the real model's sizes and not its knowledge, so no download is needed. The weights are those that
transformers gives a new model (normal, std 0.02; norms 1), float32, tied embeddings, from a fixed seed: every run with
the same PyTorch writes the same bytes. An existing complete folder is kept as it is (`--force` writes it again).

    python bench/peer/make_checkpoint.py [folder]      default: .cache/bench/smollm2-135m-random
"""

import argparse
import os
import shutil
from pathlib import Path

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / '.cache' / 'bench' / 'smollm2-135m-random'
SEED = 20_135


def make(folder: Path) -> None:
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        head_dim=64,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        rope_parameters={'rope_type': 'default', 'rope_theta': 100000.0},
        initializer_range=0.02,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        dtype='float32',
    )
    torch.manual_seed(SEED)
    model = LlamaForCausalLM(config).to(torch.float32)
    # Without an end token in it, the peer's greedy decode never stops early on random weights.
    model.generation_config = GenerationConfig(bos_token_id=1, pad_token_id=2)
    # Written beside, then renamed: an interrupted run never leaves a folder that looks complete.
    partial = folder.with_name(f'{folder.name}.partial-{os.getpid()}')
    model.save_pretrained(partial, max_shard_size='2GB')
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description='Write a random checkpoint in the shape of SmolLM2-135M.')
    parser.add_argument('folder', nargs='?', type=Path, default=DEFAULT_FOLDER)
    parser.add_argument('--force', action='store_true', help='write it again even when it is there')
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    complete = (folder / 'config.json').exists() and (folder / 'model.safetensors').exists()
    if complete and not arguments.force:
        print(f'{folder} is there already')
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    make(folder)
    print(f'{folder} written')


if __name__ == '__main__':
    main()
