"""Chat templates in the manner of public model families, written for this suite, and what the assistant writes in each.

A family states the tokens that the template may use, the texts of the tokens that end an answer, those of the special
tokens, and `answer`: the text that the assistant writes for message i, from its prompt's end to its end of turn, as the
author of the template knows it. None: the template does not tell.
"""

from dataclasses import dataclass, field
from typing import Callable

S, E = '<|im_start|>', '<|im_end|>'
LLAMA = {'bos_token': '<s>', 'eos_token': '</s>'}


@dataclass(frozen=True)
class Family:
    source: str
    answer: Callable[[str, int, list], str | None]
    tokens: dict = field(default_factory=dict)
    ends: tuple = ('</s>',)
    special: tuple = ('<s>', '</s>')


FAMILIES: dict[str, Family] = {}


def family(name, source, answer, **settings):
    FAMILIES[name] = Family(source, answer, **settings)


def closed(end, start='', change=lambda c: c):
    return lambda c, i, messages: start + change(c) + end


def chatml(body, before='', after='', prompt=S + 'assistant\n'):
    loop = '{% for m in messages %}{{ "' + S + '" + m.role + "\\n" }}' + body + '{% endfor %}'
    return before + loop + after + '{% if add_generation_prompt %}{{ ' + repr(prompt) + ' }}{% endif %}'


CHATML = dict(ends=(E,), special=('<|endoftext|>', S, E))
PLAIN = '{{ m.content + "<|im_end|>\\n" }}'
family('chatml', chatml(PLAIN), closed(E), **CHATML)
family('chatml with a default system', chatml(PLAIN, before=
    '{% if messages[0].role != "system" %}{{ "<|im_start|>system\\nYou help.<|im_end|>\\n" }}{% endif %}'), closed(E), **CHATML)
family('chatml that trims', chatml('{{ m.content | trim }}{{ "<|im_end|>\\n" }}'), closed(E, change=str.strip), **CHATML)
family('chatml without a prompt', chatml(PLAIN).split('{% if add')[0], closed(E, S + 'assistant\n'), **CHATML)
family('chatml that ends the text', chatml(PLAIN, after='{% if not add_generation_prompt %}{{ eos_token }}{% endif %}'),
       closed(E), tokens=LLAMA)
family('chatml that ends the text, its own tokens', chatml(PLAIN, after='{% if not add_generation_prompt %}{{ eos_token }}{% endif %}'),
       closed(E), tokens={'eos_token': '<|endoftext|>'}, ends=('<|endoftext|>',), special=('<|endoftext|>', S, E))
family('chatml with no line end at last', chatml(
    '{{ m.content }}{% if not loop.last %}{{ "<|im_end|>\\n" }}{% else %}{{ "<|im_end|>" }}{% endif %}'), closed(E), **CHATML)
family('chatml with the end before the next turn only', chatml(
    '{{ m.content }}{% if not loop.last or add_generation_prompt %}{{ "<|im_end|>\\n" }}{% endif %}'),
    lambda c, i, ms: c + (E if i < len(ms) - 1 else ''), **CHATML)
family('upper case', chatml('{{ m.content | upper }}{{ "<|im_end|>\\n" }}'), closed(E, change=str.upper), **CHATML)
family('answers as JSON', chatml('{{ m.content | tojson }}{{ "<|im_end|>\\n" }}'),
       lambda c, i, ms: __import__('json').dumps(c, ensure_ascii=False) + E, **CHATML)
family('cut answers', chatml('{{ m.content[:20] }}{{ "<|im_end|>\\n" }}'), closed(E, change=lambda c: c[:20]), **CHATML)

THINKING = (
    '{%- set ns = namespace(last=-1) %}{%- for m in messages %}{%- if m.role == "user" %}{%- set ns.last = loop.index0 %}{%- endif %}'
    '{%- endfor %}\n{%- for m in messages %}\n  {{- "<|im_start|>" + m.role + "\\n" }}\n  {%- if m.role == "assistant" %}\n'
    '    {%- set said = m.content %}{%- set thought = "" %}\n    {%- if "</think>" in said %}\n'
    '      {%- set thought = said.split("</think>")[0].split("<think>")[-1].strip("\\n") %}\n'
    '      {%- set said = said.split("</think>")[-1].lstrip("\\n") %}\n    {%- endif %}\n'
    '    {%- if loop.last and loop.index0 > ns.last %}{{- "<think>\\n" + thought + "\\n</think>\\n\\n" + said.lstrip("\\n") }}\n'
    '    {%- else %}{{- said }}{%- endif %}\n  {%- else %}{{- m.content }}{%- endif %}\n  {{- "<|im_end|>\\n" }}\n{%- endfor %}\n'
    '{%- if add_generation_prompt %}{{- "<|im_start|>assistant\\n" }}\n'
    '{%- if enable_thinking is defined and not enable_thinking %}{{- "<think>\\n\\n</think>\\n\\n" }}{%- endif %}{%- endif %}\n'
)


def qwen3(c, i, ms):
    said, thought = c, ''
    if '</think>' in c:
        thought = c.split('</think>')[0].split('<think>')[-1].strip('\n')
        said = c.split('</think>')[-1].lstrip('\n')
    if i < len(ms) - 1:
        return said + E
    return f'<think>\n{thought}\n</think>\n\n' + said.lstrip('\n') + E


def unthinking(c, i, ms):
    """The prompt has the empty thought already."""
    whole = qwen3(c, i, ms)
    empty = '<think>\n\n</think>\n\n'
    return whole[len(empty):] if i == len(ms) - 1 and whole.startswith(empty) else whole


family('qwen3', THINKING, qwen3, **CHATML)
family('qwen3 base', THINKING, qwen3, ends=('<|endoftext|>',), special=('<|endoftext|>', S, E))
family('qwen3 that does not think', THINKING, unthinking, tokens={'enable_thinking': False}, **CHATML)

ALTERNATE = ('{% for m in rest %}{% if (m.role == "user") != (loop.index0 % 2 == 0) %}'
             '{{ raise_exception("Roles must alternate, beginning with the user.") }}{% endif %}')
SYSTEM = ('{% if messages[0].role == "system" %}{% set sys, rest = messages[0].content, messages[1:] %}'
          '{% else %}{% set sys, rest = "", messages %}{% endif %}')
family('llama 2', SYSTEM + ALTERNATE +
       '{% if m.role == "user" %}{{ bos_token + "[INST] " }}{% if loop.first and sys %}{{ "<<SYS>>\\n" + sys + "\\n<</SYS>>\\n\\n" }}{% endif %}'
       '{{ m.content.strip() + " [/INST]" }}{% else %}{{ " " + m.content.strip() + " " + eos_token }}{% endif %}{% endfor %}',
       closed(' </s>', ' ', str.strip), tokens=LLAMA)
LLAMA3 = dict(tokens={'bos_token': '<|begin_of_text|>', 'eos_token': '<|eot_id|>'}, ends=('<|eot_id|>', '<|eom_id|>'),
              special=('<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'))
HEADER = '"<|start_header_id|>" + m.role + "<|end_header_id|>\\n\\n"'
family('llama 3', '{% for m in messages %}{% set t = ' + HEADER + ' + m.content | trim + "<|eot_id|>" %}'
       '{% if loop.first %}{% set t = bos_token + t %}{% endif %}{{ t }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}{% endif %}',
       closed('<|eot_id|>', change=str.strip), **LLAMA3)
family('llama 3.1', '{{- bos_token }}\n{%- if not date_string is defined %}\n    {%- set date_string = "26 Jul 2024" %}\n{%- endif %}\n'
       '{%- if messages[0]["role"] == "system" %}\n    {%- set system_message = messages[0]["content"]|trim %}\n'
       '    {%- set messages = messages[1:] %}\n{%- else %}\n    {%- set system_message = "" %}\n{%- endif %}\n'
       '{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}{{- "Today: " + date_string + "\\n\\n" }}\n{{- system_message }}'
       '{{- "<|eot_id|>" }}\n{%- for m in messages %}\n    {%- if not (m.role == "tool" or "tool_calls" in m) %}\n'
       '        {{- ' + HEADER + ' + m["content"] | trim + "<|eot_id|>" }}\n    {%- elif m.role == "tool" %}\n'
       '        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}{{- m.content | tojson }}{{- "<|eot_id|>" }}\n    {%- endif %}\n'
       '{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- "<|start_header_id|>assistant<|end_header_id|>\\n\\n" }}\n{%- endif %}\n',
       closed('<|eot_id|>', change=str.strip), **LLAMA3)


def mistral(user, said, before='{{ bos_token }}'):
    return (before + SYSTEM + ALTERNATE + '{% if m.role == "user" %}' + user + '{% else %}' + said + '{% endif %}{% endfor %}')


INST = '("[INST] " + (sys + "\\n\\n" if {} and sys else "") + m.content + "{}[/INST]")'
family('mistral 1', mistral('{{ ' + INST.format('loop.first', ' ') + ' }}', '{{ m.content + eos_token }}'), closed('</s>'), tokens=LLAMA)
family('mistral 3', mistral('{{ ' + INST.format('loop.first', '') + ' }}', '{{ " " + m.content + eos_token }}'), closed('</s>', ' '), tokens=LLAMA)
family('mistral with the system at last', mistral('{{ ' + INST.format('loop.index > rest | length - 2', '') + ' }}',
       '{{ " " + m.content|trim + eos_token }}'), closed('</s>', ' ', str.strip), tokens=LLAMA)
family('mistral 7', '{{ bos_token }}{% for m in messages %}{% if m.role == "system" %}{{ "[SYSTEM_PROMPT]" + m.content + "[/SYSTEM_PROMPT]" }}'
       '{% elif m.role == "user" %}{{ "[INST]" + m.content + "[/INST]" }}{% elif m.role == "assistant" %}{{ m.content + eos_token }}'
       '{% else %}{{ raise_exception("Only system, user and assistant are supported!") }}{% endif %}{% endfor %}', closed('</s>'), tokens=LLAMA,
       special=('<s>', '</s>', '[INST]', '[/INST]', '[SYSTEM_PROMPT]', '[/SYSTEM_PROMPT]'))
GEMMA = dict(tokens={'bos_token': '<bos>', 'eos_token': '<eos>'}, ends=('<eos>', '<end_of_turn>'),
             special=('<bos>', '<eos>', '<start_of_turn>', '<end_of_turn>'))
TURN = ('{%- set role = "model" if m.role == "assistant" else m.role -%}{{ "<start_of_turn>" + role + "\\n" }}')
family('gemma', '{{ bos_token }}{% if messages[0].role == "system" %}{{ raise_exception("System role not supported") }}{% endif %}'
       '{% set rest = messages %}' + ALTERNATE + TURN + '{{ m.content | trim + "<end_of_turn>\\n" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<start_of_turn>model\\n" }}{% endif %}', closed('<end_of_turn>', change=str.strip), **GEMMA)
family('gemma 3', '{{ bos_token }}\n' + SYSTEM + '\n{%- for m in rest -%}\n' + TURN + '\n{{- (sys + "\\n\\n") if loop.first and sys else "" -}}\n'
       '{%- if m.content is string -%}\n{{ m.content | trim }}\n{%- elif m.content is iterable -%}\n{%- for part in m.content -%}\n'
       '{{ part.text | trim }}\n{%- endfor -%}\n{%- endif -%}\n{{ "<end_of_turn>\\n" }}\n{%- endfor -%}\n'
       '{%- if add_generation_prompt -%}\n{{ "<start_of_turn>model\\n" }}\n{%- endif -%}\n', closed('<end_of_turn>', change=str.strip), **GEMMA)
PHI = dict(tokens={'bos_token': '<s>', 'eos_token': '<|endoftext|>'}, ends=('<|endoftext|>', '<|end|>'), special=('<|endoftext|>', '<|end|>'))
family('phi 3', '{% for m in messages %}{{ "<|" + m.role + "|>\\n" + m.content + "<|end|>\\n" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<|assistant|>\\n" }}{% else %}{{ eos_token }}{% endif %}', closed('<|end|>'), **PHI)
family('phi 4', '{% for m in messages %}{{ "<|im_start|>" + m.role + "<|im_sep|>" + m.content + "<|im_end|>" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<|im_start|>assistant<|im_sep|>" }}{% endif %}', closed(E), **CHATML)
END = '<｜end▁of▁sentence｜>'
DEEPSEEK = dict(tokens={'bos_token': '<｜begin▁of▁sentence｜>', 'eos_token': END}, ends=(END,), special=(END,))
family('deepseek 2', '{{ bos_token }}{% for m in messages %}{% if m.role == "user" %}{{ "User: " + m.content + "\\n\\n" }}'
       '{% elif m.role == "assistant" %}{{ "Assistant: " + m.content + eos_token }}{% elif m.role == "system" %}{{ m.content + "\\n\\n" }}'
       '{% endif %}{% endfor %}{% if add_generation_prompt %}{{ "Assistant:" }}{% endif %}', closed(END, ' '), **DEEPSEEK)
R1 = ('{% set ns = namespace(sys="") %}{%- for m in messages %}{%- if m.role == "system" %}{%- set ns.sys = ns.sys + m.content %}{%- endif %}'
      '{%- endfor %}{{ bos_token }}{{ ns.sys }}{%- for m in messages %}{%- if m.role == "user" %}{{ "<｜User｜>" + m.content }}'
      '{%- elif m.role == "assistant" %}{% set said = m.content %}{% if "</think>" in said %}{% set said = said.split("</think>")[-1] %}{% endif %}'
      '{{ "<｜Assistant｜>" + said + eos_token }}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}{{ "<｜Assistant｜>%s" }}{% endif %}')
family('deepseek 3', R1.replace('%s', ''), closed(END, change=lambda c: c.split('</think>')[-1]), **DEEPSEEK)
family('deepseek r1', R1.replace('%s', '<think>\\n'), closed(END, change=lambda c: c.split('</think>')[-1]), **DEEPSEEK)
OLMO = dict(tokens={'eos_token': '<|endoftext|>', 'bos_token': '<|endoftext|>'}, ends=('<|endoftext|>',), special=('<|endoftext|>',))
family('olmo', '{{ bos_token }}{% for m in messages %}{{ "<|" + m.role + "|>\\n" + m.content }}{% if m.role == "assistant" %}{{ eos_token }}'
       '{% endif %}{% if not loop.last %}{{ "\\n" }}{% endif %}{% if loop.last and add_generation_prompt %}{{ "\\n<|assistant|>\\n" }}{% endif %}'
       '{% endfor %}', closed('<|endoftext|>'), **OLMO)
family('granite', '{%- for m in messages %}\n{{- "<|start_of_role|>" + m["role"] + "<|end_of_role|>" + m["content"] + "<|end_of_text|>\\n" }}\n'
       '{%- if loop.last and add_generation_prompt %}\n{{- "<|start_of_role|>assistant<|end_of_role|>" }}\n{%- endif %}\n{%- endfor %}',
       closed('<|end_of_text|>'), ends=('<|end_of_text|>',), special=('<|end_of_text|>', '<|start_of_role|>', '<|end_of_role|>'))
T = '<|END_OF_TURN_TOKEN|>'
family('command r', '{{ bos_token }}{% for m in messages %}{% set who = {"user": "USER", "assistant": "CHATBOT", "system": "SYSTEM", "tool": "SYSTEM"} %}'
       '{{ "<|START_OF_TURN_TOKEN|><|" ~ who[m.role] ~ "_TOKEN|>" ~ m.content.strip() ~ "<|END_OF_TURN_TOKEN|>" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>" }}{% endif %}',
       closed(T, change=str.strip), tokens={'bos_token': '<BOS_TOKEN>'}, ends=(T,), special=('<BOS_TOKEN>', T, '<|START_OF_TURN_TOKEN|>'))
EXAONE = ('{% for m in messages %}{% if m.role == "user" %}{{ "[|user|]" + m.content + "\\n" }}{% continue %}{% endif %}'
          '{{ "[|" + m.role + "|]" + m.content + "[|endofturn|]\\n" }}{% endfor %}{% if add_generation_prompt %}{{ "[|assistant|]" }}{% endif %}')
family('exaone', EXAONE, closed('[|endofturn|]'), ends=('[|endofturn|]',), special=('[|endofturn|]',))
family('exaone without its tokens', EXAONE, closed('[|endofturn|]'))
family('metharme', '{{ bos_token }}{% for m in messages %}{% set who = "model" if m.role == "assistant" else m.role %}{{ "<|" + who + "|>" + m.content }}'
       '{% endfor %}{% if add_generation_prompt %}{{ "<|model|>" }}{% else %}{{ eos_token }}{% endif %}',
       lambda c, i, ms: c + ('</s>' if i == len(ms) - 1 else ''), tokens=LLAMA)
family('zephyr', '{% for m in messages %}\n{% if m.role == "user" %}\n{{ "<|user|>\\n" + m.content + eos_token }}\n{% elif m.role == "system" %}\n'
       '{{ "<|system|>\\n" + m.content + eos_token }}\n{% elif m.role == "assistant" %}\n{{ "<|assistant|>\\n" + m.content + eos_token }}\n{% endif %}\n'
       '{% if loop.last and add_generation_prompt %}\n{{ "<|assistant|>" }}\n{% endif %}\n{% endfor %}', closed('</s>'), tokens=LLAMA)
VICUNA = ('{% for m in messages %}{% if m.role == "system" %}{{ m.content + "\\n\\n" }}{% elif m.role == "user" %}{{ "USER: " + m.content + "\\n" }}'
          '{% else %}{{ "ASSISTANT: " + m.content + %s }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ "ASSISTANT:" }}{% endif %}')
family('vicuna', VICUNA.replace('%s', 'eos_token + "\\n"'), closed('</s>', ' '), tokens=LLAMA)
family('vicuna without an end', VICUNA.replace('%s', '"\\n"'), closed('', ' '))
ALPACA = ('{% for m in messages %}{{ {"user": "### Instruction:\\n", "assistant": "### Response:\\n"}.get(m.role, "") + m.content }}'
          '{% if m.role == "assistant" %}{{ %s }}{% endif %}{{ "\\n\\n" }}{% endfor %}{% if add_generation_prompt %}{{ "### Response:\\n" }}{% endif %}')
family('alpaca', ALPACA.replace('%s', '""'), closed(''))
family('alpaca with an end', ALPACA.replace('%s', 'eos_token'), closed('</s>'), tokens=LLAMA)
family('gpt-oss', '{% for m in messages %}{% if m.role == "assistant" %}{{ "<|start|>assistant<|channel|>final<|message|>" + m.content }}'
       '{% if loop.last and not add_generation_prompt %}{{ "<|return|>" }}{% else %}{{ "<|end|>" }}{% endif %}{% else %}'
       '{{ "<|start|>" + m.role + "<|message|>" + m.content + "<|end|>" }}{% endif %}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<|start|>assistant" }}{% endif %}',
       lambda c, i, ms: '<|channel|>final<|message|>' + c + ('<|return|>' if i == len(ms) - 1 else '<|end|>'),
       ends=('<|return|>', '<|call|>'), special=('<|start|>', '<|end|>', '<|message|>', '<|channel|>', '<|return|>'))
family('nemotron', '{% for m in messages %}{{ "<extra_id_1>" + m.role | capitalize + "\\n" + m.content.strip() + "\\n" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<extra_id_1>Assistant\\n" }}{% endif %}', closed('', change=str.strip))
family('baichuan', '{% for m in messages %}{{ ("<reserved_107>" if m.role == "assistant" else "<reserved_106>") + m.content }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "<reserved_107>" }}{% endif %}', closed(''))
family('falcon', '{% for m in messages %}{{ "\\n\\n" if not loop.first else "" }}{{ {"assistant": "Falcon"}.get(m.role, m.role.title()) + ": " + m.content.strip() }}'
       '{% endfor %}{% if add_generation_prompt %}{{ "\\n\\nFalcon:" }}{% endif %}', closed('', ' ', str.strip))
family('openchat', '{{ bos_token }}{% for m in messages %}{{ "GPT4 Correct " + m.role.title() + ": " + m.content + "<|end_of_turn|>" }}{% endfor %}'
       '{% if add_generation_prompt %}{{ "GPT4 Correct Assistant:" }}{% endif %}', closed('<|end_of_turn|>', ' '), tokens=LLAMA,
       ends=('<|end_of_turn|>',), special=('<|end_of_turn|>',))
family('solar', '{% for m in messages %}{{ "### " + m.role.title() + ":\\n" + m.content }}{% if m.role == "assistant" %}{{ eos_token }}{% endif %}'
       '{{ "\\n\\n" }}{% endfor %}{% if add_generation_prompt %}{{ "### Assistant:\\n" }}{% endif %}', closed('</s>'), tokens=LLAMA)
family('glm', '[gMASK]<sop>{% for m in messages %}{{ "<|" + m.role + "|>\\n" + m.content }}{% endfor %}{% if add_generation_prompt %}'
       '{{ "<|assistant|>" }}{% endif %}', closed('', '\n'), ends=('<|endoftext|>',), special=('<|user|>', '<|assistant|>', '<|endoftext|>'))
family('tokens around roles', '{% for m in messages %}{{ "<s>" + m.role + "\\n" + m.content + "</s>\\n" }}{% endfor %}{% if add_generation_prompt %}'
       '{{ "<s>assistant\\n" }}{% endif %}', closed('</s>'))
family('system in every turn', '{% set ns = namespace(sys="") %}{% for m in messages %}{% if m.role == "system" %}{% set ns.sys = m.content %}'
       '{% elif m.role == "user" %}{{ "[" + ns.sys + "|" + m.content + "]" }}{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}',
       closed('</s>'), tokens=LLAMA)
family('a macro', '{% macro turn(m) %}{{ "<|" ~ m.role ~ "|>" }}{{ m.content }}{{ "</s>" }}{% endmacro %}{% for m in messages %}{{ turn(m) }}{% endfor %}'
       '{% if add_generation_prompt %}<|assistant|>{% endif %}', closed('</s>'))
family('one word apart', '{% for m in messages %}{{ m.content }} {% endfor %}', closed(''))
family('only the last message', '{{ messages[-1].content }}', lambda c, i, ms: None)
family('backwards', '{% for m in messages[::-1] %}{{ m.role + ": " + m.content + "</s>\\n" }}{% endfor %}', lambda c, i, ms: None)
family('sorted by role', '{% for m in messages | sort(attribute="role") %}{{ m.role + ": " + m.content + "</s>\\n" }}{% endfor %}', lambda c, i, ms: None)
