"""Make test/fixtures/configs.json: how transformers reads config.json of the supported families.

    .venv/bin/python test/numerics/make-config-fixtures.py

It holds every field of the configuration classes with its default, so that a field that a new version brings is noticed,
and what transformers makes of published and of odd configurations. RoPE's frequencies are those of the rotary module of
the model itself, because some settings are resolved only there.
"""

import importlib
import json
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings('ignore')

import torch  # noqa: E402
from transformers import AutoConfig, GenerationConfig  # noqa: E402
from transformers.activations import ACT2FN  # noqa: E402
from transformers.cache_utils import get_layer_types_and_kwargs  # noqa: E402
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES  # noqa: E402
from transformers.utils import logging  # noqa: E402

from fixtures.common import write_json  # noqa: E402
from fixtures.config_classes import class_fields  # noqa: E402
from fixtures.edge_configs import FAMILIES, edge_configs  # noqa: E402
from fixtures.published_configs import PUBLISHED, REFUSED  # noqa: E402

TARGET = Path(__file__).resolve().parents[1] / 'fixtures' / 'configs.json'
logging.set_verbosity_error()

FORMAT = {
    'classes': 'per model type, each field of the class that transformers reads config.json into, with its default',
    'generation': 'fields that transformers takes out of config.json because they belong to generation_config.json',
    'cases.*.expected': 'what transformers makes of "config"; null where it fails, with its "error"',
    'expected.window': 'smallest window of any layer that slides, null if none does',
    'expected.frequencies': 'of RoPE, float32, as the model has them before a long text (dynamic) changes them',
    'expected.attention_factor': 'by which cos and sin of RoPE are multiplied',
}


def read(config: dict) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'config.json').write_text(json.dumps(config))
        parsed = AutoConfig.from_pretrained(folder)
    modeling = importlib.import_module(f'transformers.models.{parsed.model_type}.modeling_{parsed.model_type}')
    architecture = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[parsed.model_type]
    prefix = architecture.removesuffix('ForCausalLM')
    rotary = getattr(modeling, f'{prefix}RotaryEmbedding')(parsed)
    attention = getattr(modeling, f'{prefix}Attention')
    with torch.device('meta'):
        layer = attention(parsed, 0)
    head_dim = layer.head_dim
    _, kwargs = get_layer_types_and_kwargs(parsed)
    windows = [each['sliding_window'] for each in kwargs if each.get('sliding_window') is not None]
    return {
        'architecture': architecture,
        'vocab_size': parsed.vocab_size,
        'hidden_size': parsed.hidden_size,
        'intermediate_size': parsed.intermediate_size,
        'num_hidden_layers': parsed.num_hidden_layers,
        'num_attention_heads': parsed.num_attention_heads,
        'num_key_value_heads': layer.k_proj.out_features // head_dim,
        'head_dim': head_dim,
        'rms_norm_eps': parsed.rms_norm_eps,
        'max_position_embeddings': parsed.max_position_embeddings,
        'tie_word_embeddings': parsed.tie_word_embeddings,
        'qkv_bias': layer.q_proj.bias is not None,
        'activation': type(ACT2FN[parsed.hidden_act]).__name__,
        'window': min(windows, default=None),
        'rope_type': rotary.rope_type,
        'frequencies': rotary.inv_freq.tolist(),
        'attention_factor': float(rotary.attention_scaling),
    }


def case(config: dict) -> dict:
    try:
        return {'config': config, 'expected': read(config)}
    except Exception as error:  # noqa: BLE001: whatever it is, transformers does not load this
        reason = ' '.join(str(error).split())
        return {'config': config, 'expected': None, 'error': f'{type(error).__name__}: {reason[:150]}'}


def main() -> None:
    configs = {**PUBLISHED, **REFUSED, **edge_configs()}
    document = {
        'versions': {name: version(name) for name in ('transformers', 'torch')},
        'format': FORMAT,
        'classes': {family: class_fields(family) for family in FAMILIES},
        'generation': sorted(GenerationConfig._get_default_generation_params()),
        'activations': {name: type(ACT2FN[name]).__name__ for name in ('silu', 'swish')},
        'published': list(PUBLISHED),
        'cases': {name: case(config) for name, config in configs.items()},
    }
    write_json(TARGET, document)
    failed = [name for name, each in document['cases'].items() if each['expected'] is None]
    print(f'{TARGET.name}: {len(configs)} configurations, transformers fails on {len(failed)}:', *failed, sep='\n  ')


if __name__ == '__main__':
    main()
