"""Make test/fixtures/tokenizers: small tokenizers of four kinds, and what transformers does with them and with the bundled
model's tokenizer: tokens of texts, tokens and assistant masks of conversations.

    .venv/bin/python test/numerics/make-tokenizer-fixtures.py

The tokenizers are trained on this repository's own sentences below; the same package versions write the same bytes.
"""

import json
import shutil
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = REPOSITORY / 'test' / 'fixtures' / 'tokenizers'

SENTENCES = [
    'A cat sat on the mat and looked at the moon over the sea.',
    'What is the capital of France? The capital of France is Paris.',
    'You are a helpful assistant. Answer the question in one short sentence, please.',
    "It's 12:30, isn't it? We'll count 1, 2, 3, 10, 100 and 2026.",
    'def add(a, b):\n    return a + b\n\nprint(add(1, 2))',
    'Übung macht den Meister; café, naïve, Straße.',
]
TEXTS = [
    '',
    ' ',
    'A cat sat on the mat.',
    "  Leading spaces, it's   many spaces\n\n\nand lines\t and 1234567 numbers  ",
    'Straße, naïve café: 日本語, emoji 🙂👍🏽 and \u200d odd ones',
    'The <|im_start|>special<|im_end|> ones</s> inside <s> text',
    'capital\r\nof\u00a0France e\u0301',
    'Mix:\n\n½ cup,   ² and ① or Ⅷ of 1234567 and ٣٤٥',
    'parseHTTPResponse(XMLHttpRequest) // ÉcoleDeParis\r\n\t\tsnake_case/path/',
]
CONVERSATIONS = [
    [('user', 'What is the capital of France?'), ('assistant', 'Paris.')],
    [('system', 'You are a cat.'), ('user', 'Hi'), ('assistant', ' Meow\n'), ('user', 'a'), ('assistant', 'a b  c 12')],
    [('user', 'user'), ('assistant', 'assistant'), ('user', '🙂'), ('assistant', '')],
    [('user', 'only a question')],
]
CHATML = """{%- if messages[0]['role'] != 'system' %}
    {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {% generation %}
        {{- message.content + '<|im_end|>' }}
        {% endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>' }}
    {%- endif %}
    {{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
INSTRUCT = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] + '\\n\\n' %}"
    "{% set loop_messages = messages[1:] %}{% else %}{% set system = '' %}{% set loop_messages = messages %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user and assistant.') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] | trim + eos_token }}{% endif %}{% endfor %}"
)


def byte_level() -> Tokenizer:
    """As Qwen2's: NFC, GPT-4's split, bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    parts = [pre_tokenizers.Split(Regex(split), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def digits() -> Tokenizer:
    """As SmolLM2's: every digit by itself, then GPT-2's split and bytes."""
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    return trained_on_bytes(pre_tokenizers.Sequence(steps))


def tekken() -> Tokenizer:
    """As Mistral-Nemo's: words are split where their case changes."""
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    words = rf"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*"
    split = words + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    parts = [pre_tokenizers.Split(Regex(split), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    return trained_on_bytes(pre_tokenizers.Sequence(parts))


def trained_on_bytes(pre_tokenizer: pre_tokenizers.PreTokenizer) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES + TEXTS, trainer)
    return tokenizer


def metaspace() -> Tokenizer:
    """As Llama 2's and Mistral's: spaces become marks, unknown characters become bytes, BOS in front."""
    tokenizer = Tokenizer(models.BPE(unk_token='<unk>', fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend('▁'), normalizers.Replace(' ', '▁')])
    steps = [decoders.Replace('▁', ' '), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(' ', 1, 0)]
    tokenizer.decoder = decoders.Sequence(steps)
    special = ['<unk>', '<s>', '</s>']
    tokens = [f'<0x{byte:02X}>' for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=480, special_tokens=special + tokens, max_token_length=12, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    # The byte tokens belong to the vocabulary; as special tokens they would be found in texts.
    definition = json.loads(tokenizer.to_str())
    definition['added_tokens'] = definition['added_tokens'][: len(special)]
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    tokenizer.post_processor = processors.TemplateProcessing('<s> $A', '<s> $A <s> $B', [('<s>', 1)])
    return tokenizer


def write(name: str, tokenizer: Tokenizer, config: dict, template: str | None = None) -> None:
    folder = ROOT / name
    folder.mkdir(parents=True)
    (folder / 'tokenizer.json').write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(',', ':')) + '\n')
    (folder / 'tokenizer_config.json').write_text(json.dumps({'tokenizer_class': 'PreTrainedTokenizerFast', **config}, indent=2) + '\n')
    if template is not None:
        (folder / 'chat_template.jinja').write_text(template)


def reference(name: str, folder: Path) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = []
    for text in TEXTS:
        tokens = tokenizer(text)['input_ids']
        texts.append({'text': text, 'tokens': tokens, 'decoded': tokenizer.decode(tokens, clean_up_tokenization_spaces=False)})
    chats = []
    for conversation in CONVERSATIONS:
        messages = [{'role': role, 'content': content} for role, content in conversation]
        entry = {'messages': messages, 'text': tokenizer.apply_chat_template(messages, tokenize=False)}
        entry['tokens'] = tokenizer.apply_chat_template(messages, return_dict=False)
        entry['prompt_tokens'] = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        if 'generation' in tokenizer.chat_template.replace('add_generation_prompt', ''):
            masked = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
            entry['assistant'] = masked['assistant_masks']
        chats.append(entry)
    return {'name': name, 'texts': texts, 'chats': chats}


def main() -> None:
    for name in ('byte-level', 'metaspace', 'digits', 'tekken'):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    write('byte-level', byte_level(), {'eos_token': '<|im_end|>', 'pad_token': '<|endoftext|>'}, CHATML)
    names = {'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>'}
    write('metaspace', metaspace(), {**names, 'chat_template': INSTRUCT})
    chatml = {'eos_token': '<|im_end|>', 'pad_token': '<|endoftext|>'}
    write('digits', digits(), chatml, CHATML)
    write('tekken', tekken(), chatml, CHATML)
    own = {name: ROOT / name for name in ('byte-level', 'metaspace', 'digits', 'tekken')}
    folders = {**own, 'tiny-chat': REPOSITORY / 'models' / 'tiny-chat'}
    references = [reference(name, folder) for name, folder in folders.items()]
    lines = ',\n'.join(json.dumps(entry, ensure_ascii=False) for entry in references)
    (ROOT / 'references.json').write_text(f'[\n{lines}\n]\n')


if __name__ == '__main__':
    main()
