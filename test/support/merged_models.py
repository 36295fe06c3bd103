"""Models with adapters merged into them by PEFT, beside the folders that the service merges.

    python merged_models.py make <folder>      writes tiny random models with adapters: <folder>/<name>/{base,adapter}
    python merged_models.py speak <folder>     the same of models with a tokenizer, and prints what they write
    python merged_models.py compare <folder>   of <folder>/<name>/{base,adapter,merged}: how much merged differs from PEFT's

`compare` prints JSON, by name: `missing` and `unexpected` tensors, `changed` (how many tensors the adapter changes),
`relative` (the largest difference from a number of PEFT's, as a part of the tensor's largest), `ulps` (the same in numbers
of the dtype that lie between), `off` (the share of numbers that are not PEFT's), `logprobs` (the largest difference of a
log-prob from those of the base model with the adapter, unmerged, all computed in float32), `theirs` (the same of PEFT's
merged model) and `tied` (tie_word_embeddings of the loaded model).

`speak` prints JSON, by name: the most likely 24 `tokens` after PROMPT, and by how much the logit of each is larger than
that of the next likely one, in standard deviations of all logits (`leads`).
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {
    'vocab_size': 160,
    'hidden_size': 32,
    'intermediate_size': 48,
    'num_hidden_layers': 2,
    'num_attention_heads': 4,
    'num_key_value_heads': 2,
    'max_position_embeddings': 128,
    'bos_token_id': 1,
    'eos_token_id': 2,
    'pad_token_id': 0,
}
PROMPT = [1, 20, 21, 22]
ALL = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']
MODELS = {
    'phi3': ({'model_type': 'phi3'}, torch.bfloat16, {'target_modules': ['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj']}),
    'qwen3_moe': (
        {'model_type': 'qwen3_moe', 'num_experts': 4, 'num_experts_per_tok': 2, 'moe_intermediate_size': 16, 'head_dim': 8},
        torch.float32,
        {'target_modules': ALL[:4], 'use_rslora': True},
    ),
    'tied-shards': (
        {'model_type': 'qwen2', 'tie_word_embeddings': True},
        torch.bfloat16,
        {'target_modules': [*ALL, 'lm_head'], 'rank_pattern': {'q_proj': 3}, 'alpha_pattern': {'lm_head': 5}},
    ),
    'half': ({'model_type': 'mistral', 'sliding_window': None}, torch.float16, {'target_modules': [*ALL, 'lm_head']}),
}

BUNDLED = Path(__file__).resolve().parents[2] / 'models' / 'tiny-chat'
BYTES = {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': True}
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3_SPLIT = {'type': 'Split', 'pattern': {'Regex': LLAMA3_PATTERN}, 'behavior': 'Isolated', 'invert': False}
LLAMA3_STEPS = {'type': 'Sequence', 'pretokenizers': [LLAMA3_SPLIT, {**BYTES, 'use_regex': False}]}
QWEN = {'kind': 'Qwen2Tokenizer'}
GPT2 = {'kind': 'PreTrainedTokenizerFast', 'pre_tokenizer': {**BYTES, 'use_regex': True}}
LLAMA3 = {'kind': 'PreTrainedTokenizerFast', 'pre_tokenizer': LLAMA3_STEPS, 'ignore_merges': True}
LLAMA3_ROPE = {'low_freq_factor': 1.0, 'high_freq_factor': 4.0, 'original_max_position_embeddings': 64}
SPEAKING = {
    'bundled': (None, None),
    'llama3': (
        {'model_type': 'llama', 'rope_parameters': {'rope_type': 'llama3', 'rope_theta': 10000.0, 'factor': 8.0, **LLAMA3_ROPE}},
        LLAMA3,
    ),
    'linear': (
        {'model_type': 'llama', 'rope_parameters': {'rope_type': 'linear', 'rope_theta': 10000.0, 'factor': 4.0}},
        GPT2,
    ),
    'mistral': ({'model_type': 'mistral', 'head_dim': 32, 'sliding_window': None}, GPT2),
    'qwen2': ({'model_type': 'qwen2'}, QWEN),
    'qwen3': ({'model_type': 'qwen3', 'head_dim': 32}, QWEN),
    'yarn': (
        {
            'model_type': 'qwen3',
            'head_dim': 32,
            'rope_parameters': {
                'rope_type': 'yarn',
                'rope_theta': 10000.0,
                'factor': 4.0,
                'original_max_position_embeddings': 32,
            },
        },
        QWEN,
    ),
}


def make(root: Path) -> None:
    for seed, (name, (config, dtype, lora)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        parsed = AutoConfig.for_model(**SIZES, **config)
        model = AutoModelForCausalLM.from_config(parsed).to(dtype)
        model.save_pretrained(root / name / 'base', max_shard_size='20KB' if name == 'tied-shards' else '1GB')
        adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, task_type='CAUSAL_LM', **lora))
        for parameter_name, parameter in adapted.named_parameters():
            if 'lora_' in parameter_name:
                parameter.data.normal_(std=0.1)
        adapted.save_pretrained(root / name / 'adapter')


def speak(root: Path) -> dict:
    found = {}
    for seed, (name, (config, tokenizer)) in enumerate(SPEAKING.items(), start=9):
        torch.manual_seed(seed)
        folder = root / name / 'base'
        if config is None:
            shutil.copytree(BUNDLED, folder)
            model = AutoModelForCausalLM.from_pretrained(folder)
        else:
            sizes = {**SIZES, 'vocab_size': 2050, 'hidden_size': 64, 'initializer_range': 0.2}
            model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**{**sizes, **config}))
            for parameter_name, parameter in model.named_parameters():
                if parameter_name.endswith('.bias'):
                    parameter.data.normal_()
            model.save_pretrained(folder)
            save_tokenizer(folder, **tokenizer)
        patterns = {'rank_pattern': {'k_proj': 3}, 'alpha_pattern': {'up_proj': 7}}
        adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=ALL, task_type='CAUSAL_LM', **patterns))
        for parameter_name, parameter in adapted.named_parameters():
            if 'lora_' in parameter_name:
                parameter.data.normal_(std=0.1)
        adapted.save_pretrained(root / name / 'adapter')
        found[name] = written(adapted.float().eval())
    return found


@torch.no_grad()
def written(model) -> dict:
    tokens, leads = list(PROMPT), []
    for _ in range(24):
        logits = model(input_ids=torch.tensor([tokens])).logits[0, -1]
        best = logits.topk(2)
        tokens.append(int(best.indices[0]))
        leads.append(float((best.values[0] - best.values[1]) / logits.std()))
    return {'tokens': tokens[len(PROMPT) :], 'leads': leads}


def save_tokenizer(folder: Path, kind: str, pre_tokenizer: dict | None = None, **model: object) -> None:
    """The bundled vocabulary with other rules."""
    definition = json.loads((BUNDLED / 'tokenizer.json').read_text())
    definition['model'].update(model)
    if pre_tokenizer:
        definition['pre_tokenizer'] = pre_tokenizer
    (folder / 'tokenizer.json').write_text(json.dumps(definition))
    config = json.loads((BUNDLED / 'tokenizer_config.json').read_text())
    (folder / 'tokenizer_config.json').write_text(json.dumps({**config, 'tokenizer_class': kind}))


def compare(root: Path) -> dict:
    return {folder.name: compare_one(folder) for folder in sorted(root.iterdir()) if (folder / 'merged').exists()}


def compare_one(folder: Path) -> dict:
    unmerged = PeftModel.from_pretrained(untied(folder).float(), folder / 'adapter').eval()
    theirs = PeftModel.from_pretrained(untied(folder), folder / 'adapter').merge_and_unload()
    ours, report = AutoModelForCausalLM.from_pretrained(folder / 'merged', dtype='auto', output_loading_info=True)
    theirs_tensors, ours_tensors = theirs.state_dict(), ours.state_dict()
    base_tensors = untied(folder).state_dict()
    differences = [(ours_tensors[name].double() - tensor.double()).abs().max() for name, tensor in theirs_tensors.items()]
    largest = [tensor.abs().max().double() for tensor in theirs_tensors.values()]
    distances = [ulps(ours_tensors[name], tensor) for name, tensor in theirs_tensors.items()]
    changed = sum(not torch.equal(ours_tensors[name], tensor) for name, tensor in base_tensors.items())
    tokens = torch.arange(3, 67).reshape(2, 32)
    dtype = str(ours.dtype)
    right = logprobs(unmerged, tokens)
    return {
        'missing': sorted(report['missing_keys']),
        'unexpected': sorted(report['unexpected_keys']),
        'dtype': dtype,
        'changed': changed,
        'relative': max(float(difference / most) for difference, most in zip(differences, largest, strict=True)),
        'ulps': max(int(distance.max()) for distance in distances),
        'off': sum(int((distance > 0).sum()) for distance in distances) / sum(distance.numel() for distance in distances),
        'logprobs': float((logprobs(ours.float().eval(), tokens) - right).abs().max()),
        'theirs': float((logprobs(theirs.float().eval(), tokens) - right).abs().max()),
        'tied': ours.config.tie_word_embeddings,
    }


def untied(folder: Path):
    """The base model, its output projection a tensor of its own: PEFT would merge into the embeddings, too."""
    model = AutoModelForCausalLM.from_pretrained(folder / 'base', dtype='auto')
    if model.config.tie_word_embeddings:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        model.config.tie_word_embeddings = False
    return model


def ulps(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    assert one.dtype == other.dtype, (one.dtype, other.dtype)
    return (steps(one) - steps(other)).abs()


def steps(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers in their order as whole numbers."""
    kind = torch.int32 if tensor.dtype == torch.float32 else torch.int16
    bits = tensor.detach().contiguous().view(kind).long()
    lowest = torch.iinfo(kind).min
    return torch.where(bits < 0, lowest - bits, bits)


@torch.no_grad()
def logprobs(model, tokens: torch.Tensor) -> torch.Tensor:
    return model(input_ids=tokens).logits.log_softmax(-1)


def main() -> None:
    # Threads that wait for each other take longer than such small models where other work fills the cores.
    torch.set_num_threads(1)
    command, root = sys.argv[1], Path(sys.argv[2])
    if command == 'make':
        make(root)
    else:
        print(json.dumps({'compare': compare, 'speak': speak}[command](root)))


if __name__ == '__main__':
    main()
