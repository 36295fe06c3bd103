"""Templates with `{% generation %}` blocks; transformers gives the mask of tokens for them."""

G, EG = '{% generation %}', '{% endgeneration %}'

GENERATION = {
    'content and end': '{% for m in messages %}{{ "<|im_start|>" + m.role + "\\n" }}{% if m.role == "assistant" %}' + G + '{{ m.content + "<|im_end|>" }}' + EG
    + '{% else %}{{ m.content + "<|im_end|>" }}{% endif %}{{ "\\n" }}{% endfor %}',
    'content without its end': '{% for m in messages %}{{ m.role + ": " }}{% if m.role == "assistant" %}' + G + '{{ m.content }}' + EG + '{% else %}{{ m.content }}{% endif %}\n{% endfor %}',
    'with dashes': '{%- for m in messages -%}\n  {{- m.role + ":" -}}\n  {%- if m.role == "assistant" -%}\n    {%- generation -%}\n    {{ " " + m.content + "<|im_end|>" }}\n    {%- endgeneration -%}\n'
    '  {%- else -%}\n    {{ m.content }}\n  {%- endif -%}\n{%- endfor -%}\n',
    'lines of their own': '{% for m in messages %}\n{{ m.role }}\n{% if m.role == "assistant" %}\n{% generation %}\n{{ m.content }}\n{% endgeneration %}\n{% else %}\n{{ m.content }}\n{% endif %}\n{% endfor %}\n',
    'with plus signs': '{% for m in messages %}\n  {%+ if m.role == "assistant" %}{%+ generation %}{{ m.content }}{% endgeneration +%}\n{% else %}{{ m.content }}{% endif %}{% endfor %}',
    'two blocks in a turn': '{% for m in messages %}{{ m.role }}{% if m.role == "assistant" %}' + G + '<think>' + EG + '|' + G + '{{ m.content }}' + EG + '{% endif %}{{ "<|im_end|>" }}{% endfor %}',
    'statements inside': '{% for m in messages %}{% if m.role == "assistant" %}' + G + '{% set c = m.content %}{% if "</think>" in c %}{% set c = c.split("</think>")[-1].lstrip("\\n") %}{% endif %}{{ c }}'
    '{% for x in [1, 2] %}{{ x }}{% if x == 1 %}{% continue %}{% endif %}.{% endfor %}' + EG + '{% else %}{{ m.content }}{% endif %}{{ "\\n" }}{% endfor %}',
    'only the last answer': '{% for m in messages %}{{ m.role + " " }}{% if m.role == "assistant" and loop.last %}' + G + '{{ m.content }}' + EG + '{% else %}{{ m.content }}{% endif %}{{ "<|im_end|>\\n" }}{% endfor %}',
    'blocks that never come': '{% for m in messages %}{% if m.role == "robot" %}' + G + '{{ m.content }}' + EG + '{% endif %}{{ m.content }}{% endfor %}',
    'the whole turn': '{% for m in messages %}{% if m.role == "assistant" %}' + G + '{{ "<|im_start|>assistant\\n" + m.content + "<|im_end|>" }}' + EG + '{% else %}{{ m.content }}{% endif %}{% endfor %}',
}
