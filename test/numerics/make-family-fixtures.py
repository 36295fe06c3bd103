"""Make test/fixtures/model-families.json: what transformers and PEFT make of a model of every family.

    .venv/bin/python test/numerics/make-family-fixtures.py

It holds, for tiny random models, the parameters that transformers saves, the linears that PEFT finds in the model and the
tensors of an adapter that PEFT saves; for published sizes, the number of parameters; and the fields of the configuration
classes with their defaults, so that a field that a new version brings is noticed.
"""

import json
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

sys.dont_write_bytecode = True
warnings.filterwarnings('ignore')

import torch  # noqa: E402
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict  # noqa: E402
from safetensors import safe_open  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM  # noqa: E402
from transformers.utils import logging  # noqa: E402

from fixtures.common import write_json  # noqa: E402
from fixtures.config_classes import class_fields  # noqa: E402
from fixtures.tiny_families import TINY_FAMILIES  # noqa: E402
from fixtures.torch_configs import PUBLISHED_FOR_TORCH  # noqa: E402

TARGET = Path(__file__).resolve().parents[1] / 'fixtures' / 'model-families.json'
logging.set_verbosity_error()
PREFIX = 'base_model.model.'

FORMAT = {
    'tiny.*.config': 'config.json as transformers saves it',
    'tiny.*.parameters': 'names and shapes in the safetensors file that transformers saves',
    'tiny.*.all_linear': "linears that carry a LoRA with target_modules='all-linear'; [outputs, inputs] by full name",
    'tiny.*.all_linear_experts': 'what else it puts a LoRA on: routers and stacked experts',
    'tiny.*.adapter': 'tensors of a LoRA of rank 2 on those linears and on lm_head, as get_peft_model_state_dict has them',
    'published.*': 'config.json of a published model, and how many parameters transformers gives the model',
    'classes': 'per model type, each field of the class that transformers reads config.json into, with its default',
}


def model_of(config: dict):
    """A model without weights in memory."""
    model_type = config['model_type']
    parsed = AutoConfig.for_model(**{'model_type': model_type, **config})
    with torch.device('meta'):
        return AutoModelForCausalLM.from_config(parsed)


def adapted(config: dict, targets):
    return get_peft_model(model_of(config), LoraConfig(r=2, target_modules=targets, task_type='CAUSAL_LM'))


def all_linear(config: dict) -> tuple[dict, list]:
    layers = {
        name.removeprefix(PREFIX): module.base_layer
        for name, module in adapted(config, 'all-linear').named_modules()
        if hasattr(module, 'lora_A')
    }
    linears = {name: layer for name, layer in layers.items() if isinstance(layer, torch.nn.Linear)}
    shapes = {name: [layer.out_features, layer.in_features] for name, layer in linears.items()}
    return shapes, sorted(set(layers) - set(linears))


def tiny(model_type: str, fields: dict) -> dict:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **fields), dtype=torch.float32)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        config = json.loads((Path(folder) / 'config.json').read_text())
        with safe_open(Path(folder) / 'model.safetensors', 'pt') as file:
            parameters = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    linears, experts = all_linear(config)
    kinds = sorted({name.rsplit('.', 1)[-1] for name in linears})
    adapter = get_peft_model_state_dict(adapted(config, [*kinds, 'lm_head']), save_embedding_layers=False)
    return {
        'config': config,
        'parameter_count': model.num_parameters(),
        'parameters': parameters,
        'all_linear': linears,
        'all_linear_experts': experts,
        'adapter': {name: list(tensor.shape) for name, tensor in adapter.items()},
    }


def main() -> None:
    document = {
        'versions': {name: version(name) for name in ('transformers', 'peft', 'torch')},
        'format': FORMAT,
        'tiny': {model_type: tiny(model_type, fields) for model_type, fields in TINY_FAMILIES.items()},
        'published': {
            name: {'config': config, 'parameter_count': model_of(config).num_parameters()}
            for name, config in PUBLISHED_FOR_TORCH.items()
        },
        'classes': {model_type: class_fields(model_type) for model_type in TINY_FAMILIES},
    }
    write_json(TARGET, document)
    print(f'{TARGET.name}: {len(TINY_FAMILIES)} families')


if __name__ == '__main__':
    main()
