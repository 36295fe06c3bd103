"""Folders with small tokenizers: each states its special tokens, its class or its chat template in another way."""

from itertools import product

TEXTS = [
    '', 'A cat  sat', ' on the\nmat 12 3', 'x\n\n\u00bd \u00b2', '<s> a </s>b', '<|im_start|>user\nHi<|im_end|>\n', 'a <new> b<new>c',
    'a <img> <Old>', 'caf\u00e9 e\u0301 \U0001f642', "It's  WE'LL 2026", '<unk>the cat', '\u2581a\u2581', 'cat moon <pad>',
]  # fmt: skip

NEW = {'content': '<new>', 'lstrip': False, 'normalized': False, 'rstrip': False, 'single_word': False, 'special': True}
PLAIN = {'bos_token': '<s>', 'eos_token': '</s>'}

MODEL_TYPES = ['llama', 'mistral', 'qwen2', 'qwen3', 'gemma3_text', 'phi3', 'smollm3', 'olmo2', 'qwen3_moe']


def decoder(*tokens, first=2000):
    return {str(first + i): {**NEW, **token} for i, token in enumerate(tokens)}


def special_token_cases():
    """[name, tokenizer_config.json, other files]"""
    token_map = {'bos_token': '<|im_start|>', 'eos_token': {'content': '<|im_end|>', 'lstrip': False, 'normalized': False,
                                                             'rstrip': False, 'single_word': False}}  # fmt: skip
    yield 'nothing', {}, {}
    yield 'names in the configuration', PLAIN, {}
    yield 'names in special_tokens_map.json', {}, {'special_tokens_map.json': token_map}
    yield 'names in both', PLAIN, {'special_tokens_map.json': token_map}
    yield 'names in both, with a decoder', {**PLAIN, 'added_tokens_decoder': decoder({})}, {'special_tokens_map.json': token_map}
    yield 'an unknown name in special_tokens_map.json', PLAIN, {'special_tokens_map.json': {'image_token': '<img>'}}
    yield 'extra tokens in special_tokens_map.json', {}, {'special_tokens_map.json': {'additional_special_tokens': ['<img>', '<new>']}}
    yield 'a named extra token in special_tokens_map.json', {}, {'special_tokens_map.json': {'extra_special_tokens': {'img_token': '<img>'}}}
    yield 'both kinds of extra tokens', {'extra_special_tokens': ['<img>']}, {'special_tokens_map.json': {'extra_special_tokens': ['<new>', '<img>']}}
    yield 'a described name', {'bos_token': {'__type': 'AddedToken', **NEW}, 'eos_token': None}, {}
    yield 'one new text for two names', {'bos_token': '<new>', 'pad_token': '<new>', 'cls_token': 'cat'}, {}
    yield 'a decoder with new tokens', {**PLAIN, 'added_tokens_decoder': decoder({}, {'content': '<img>', 'special': False})}, {}
    yield 'a decoder with far ids', {'added_tokens_decoder': decoder({'content': '<img>'}, first=900000)}, {}
    yield 'a decoder out of order', {'added_tokens_decoder': {'3000': {**NEW, 'content': '<img>'}, '2000': NEW}}, {}
    yield 'a decoder with a word of the vocabulary', {'added_tokens_decoder': decoder({'content': 'cat'}, {'content': 'at', 'normalized': True, 'special': False})}, {}
    yield 'a decoder that takes spaces', {'added_tokens_decoder': decoder({'lstrip': True, 'rstrip': True}, {'content': '<img>', 'rstrip': True})}, {}
    yield 'a decoder with whole words', {'added_tokens_decoder': decoder({'content': 'ca', 'single_word': True}, {'content': 'sa', 'special': False})}, {}
    yield 'a decoder with normalised tokens', {'added_tokens_decoder': decoder({'normalized': True}, {'content': 'e\u0301', 'normalized': True, 'special': False})}, {}
    yield 'a decoder that names', {'eos_token': '<img>', 'added_tokens_decoder': decoder({'content': '<img>', 'special': False, 'normalized': True})}, {}
    yield 'a decoder with other flags', {**PLAIN, 'added_tokens_decoder': {'1': {**NEW, 'content': '<s>', 'lstrip': True}, '2': {**NEW, 'content': '</s>', 'special': False}}}, {}
    yield 'an empty decoder', {**PLAIN, 'added_tokens_decoder': {}}, {'special_tokens_map.json': token_map}
    yield 'added_tokens.json', {'eos_token': '<new>'}, {'added_tokens.json': {'<new>': 2000, '<img>': 2001, 'cat': 2002}}
    yield 'added_tokens.json and a map', {}, {'added_tokens.json': {'<new>': 2000, '<Old>': 1999}, 'special_tokens_map.json': {'pad_token': '<new>'}}
    yield 'added_tokens.json beside a decoder', {'added_tokens_decoder': decoder({})}, {'added_tokens.json': {'<img>': 2000}}
    yield 'additional_special_tokens', {'additional_special_tokens': ['<new>', '<img>', '<new>']}, {}
    yield 'additional_special_tokens and empty extra ones', {'additional_special_tokens': ['<new>'], 'extra_special_tokens': []}, {}
    yield 'additional_special_tokens and extra ones', {'additional_special_tokens': ['<new>'], 'extra_special_tokens': ['<img>']}, {}
    yield 'extra_special_tokens with names', {**PLAIN, 'extra_special_tokens': {'img_token': '<img>', 'other': '<new>'}}, {}
    yield 'a name of its own', {**PLAIN, 'image_token': '<img>', 'add_bos_token': True, 'add_eos_token': True}, {}
    yield 'a named extra token and one of its own', {'image_token': '<new>', 'extra_special_tokens': {'img_token': '<img>'}}, {}
    yield 'null everywhere', {'bos_token': None, 'eos_token': None, 'unk_token': None, 'pad_token': None, 'extra_special_tokens': None}, {}


def class_cases():
    names = [None, 'LlamaTokenizer', 'LlamaTokenizerFast', 'Qwen2Tokenizer', 'Qwen2TokenizerFast', 'GPT2TokenizerFast', 'GemmaTokenizer',
             'PreTrainedTokenizerFast', 'TokenizersBackend', 'SomebodysTokenizer']  # fmt: skip
    for name, model_type in product(names, MODEL_TYPES):
        config = {**PLAIN, 'add_bos_token': False, **({} if name is None else {'tokenizer_class': name})}
        yield f'{name} of a {model_type}', config, {'config.json': {'model_type': model_type}}
    for legacy, space in product([None, True, False], [None, True, False]):
        settings = {k: v for k, v in {'legacy': legacy, 'add_prefix_space': space}.items() if v is not None}
        for name in ['LlamaTokenizer', 'Qwen2Tokenizer', 'GPT2Tokenizer']:
            config = {**settings, 'tokenizer_class': name, 'unk_token': '<unk>'}
            yield f'{name} with {settings}', config, {'config.json': {'model_type': 'llama'}}
    for name in ['LlamaTokenizer', 'Qwen2Tokenizer', 'GemmaTokenizer']:
        config = {'tokenizer_class': name, 'added_tokens_decoder': decoder({}, {'content': '<s>'}), 'pad_token': '<new>'}
        yield f'{name} with a decoder', config, {'config.json': {'model_type': 'llama'}}
    yield 'a class in config.json', {}, {'config.json': {'model_type': 'llama', 'tokenizer_class': 'Qwen2Tokenizer'}}
    yield 'a class without a kind of model', {'tokenizer_class': 'Qwen2Tokenizer'}, {'config.json': {}}


def template_cases():
    named = [{'name': 'tool_use', 'template': 'T'}, {'name': 'default', 'template': 'D'}]
    yield 'a template', {'chat_template': 'C'}, {}
    yield 'named templates', {'chat_template': named}, {}
    yield 'named templates without a default', {'chat_template': named[:1]}, {}
    yield 'a file before a template', {'chat_template': 'C'}, {'chat_template.jinja': 'J'}
    yield 'a file before named templates', {'chat_template': named}, {'chat_template.jinja': 'J'}
    yield 'a file and more files', {'chat_template': named}, {'chat_template.jinja': 'J', 'additional_chat_templates/tool_use.jinja': 'A'}
    yield 'more files only', {'chat_template': 'C'}, {'additional_chat_templates/tool_use.jinja': 'A'}
    yield 'a default among more files', {}, {'chat_template.jinja': 'J', 'additional_chat_templates/default.jinja': 'A'}


def make_folders():
    """The folders (name, base, files, what is changed in tokenizer.json) and the texts that each is tried on."""
    cases = []
    for base in ['byte-level', 'metaspace']:
        given = [*special_token_cases(), *class_cases(), *(template_cases() if base == 'byte-level' else [])]
        for name, config, files in given:
            all_files = {'tokenizer_config.json': config, 'config.json': {'model_type': 'llama'}, **files}
            cases.append({'name': name, 'base': base, 'patch': {}, 'files': all_files})
        padding = {'strategy': {'Fixed': 40}, 'direction': 'Right', 'pad_to_multiple_of': None, 'pad_id': 0, 'pad_type_id': 0, 'pad_token': '<pad>'}
        truncation = {'direction': 'Right', 'max_length': 3, 'strategy': 'LongestFirst', 'stride': 0}
        patch = {'padding': padding, 'truncation': truncation}
        files = {'tokenizer_config.json': PLAIN, 'config.json': {'model_type': 'llama'}}
        cases.append({'name': 'padding and truncation', 'base': base, 'patch': patch, 'files': files})
    return cases, TEXTS
