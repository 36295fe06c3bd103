"""Texts on which tokenizers are compared: every kind of character, white space, number, and what models mark up."""

import random
import sys
import unicodedata

SPACES = [' ', '  ', '\n', '\r\n', '\t', '\u00a0', '\u3000', '\u2028', '\u0085', '\u200b', '\ufeff']
MARKS = [
    '<s>', '</s>', '<unk>', '<|im_start|>', '<|im_end|>', '<|endoftext|>', '<think>', '</think>', '<tool_call>',
    '<|begin_of_text|>', '<|eot_id|>', '<|start_header_id|>', '<bos>', '<start_of_turn>', '<end_of_turn>', '<pad>',
    '<mask>', '<|start|>', '<|end|>', '<|return|>', '<|channel|>', '<\uff5cUser\uff5c>',
    '<\uff5cend\u2581of\u2581sentence\uff5c>', '[INST]', '[/INST]', '<<SYS>>', '<0x41>', '<0xE9>', '<|im_', 'im_end|>',
]  # fmt: skip
WRITTEN = [
    '', ' ', 'a', ' a', 'a ', 'Hello, world!', "It's John's; we'll see, I'M SURE they'd've gone.", 'one-two_three/four',
    'Mix:\n\n\u00bd cup', 'x\n\n\u00bd', 'a \u00b2 b', '   \u2460 \u2167', '\u0664\u0662 \u0967\u0968\u0969', '1,234.56',
    '2026-11-28T18:00:00Z', '0x1F 1e-5 3.14159', '\u2581', '\u2581a \u2581\u2581b', 'a\u2581b', 'caf\u00e9 cafe\u0301',
    'A\u030a \u212b \u00c5', '\u1100\u1161\u11a8 \uac01', '\ufb01 \u2126 \u03a9', 'na\u00efve Stra\u00dfe \u0130stanbul',
    '\U0001f642', '\U0001f642\U0001f44d\U0001f3fd', '\U0001f468\u200d\U0001f469\u200d\U0001f467', '\U0001f1e9\U0001f1ea',
    '\u65e5\u672c\u8a9e\u306e\u6587\u7ae0\u3002', '\u4e2d\u6587\uff0c\u5b57\uff01', '\ud55c\uad6d\uc5b4 \ubb38\uc7a5',
    '\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0442\u0435\u043a\u0441\u0442', '\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd',
    '\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645', '\u0939\u093f\u0928\u094d\u0926\u0940', '\u0e44\u0e17\u0e22\u0e44\u0e21\u0e48\u0e21\u0e35\u0e0a\u0e48\u0e2d\u0e07',
    'a\u0300\u0301\u0302\u0303b', '\u0301', ' \u0301a', '\x00', 'a\x00b', '\x1b[31mred\x1b[0m', '\x7f\x80\x9f', '\ufffd',
    '\ue000\uf8ff', '\ufeffBOM', '\uffff', '\U0010ffff', '\u202eabc\u202c', 'a\u200bb\u200cc\u200dd\u2060e', '\u00ad',
    'def f(x):\n    if x:\n        return x + 1\n\n\nprint(f(2))\n', 'for (;;) {\r\n\ti++;\r\n}\r\n', '\t\ttabs\n\t \tmixed',
    '{"a": [1, 2.5, null], "b": "\\u00e9\\n"}', '<html>\n  <p class="x">&amp;</p>\n</html>', '```python\nx = 1\n```',
    'SELECT * FROM t WHERE a != 1 -- x', 'https://example.org/a?b=c&d=%20#e', 'user@example.org', '$\\frac{1}{2}$ \u2211\u222b\u221a',
    '!!!???...', '--- *** ___', '((([[[{{{', '\u201cquoted\u201d \u2018it\u2019s\u2019 \u2013 \u2014 \u2026', "don\u2019t 'TIS 'Twas", '\u20ac5 \u00a33 \u00a5100 50%',
    'CamelCaseWord snake_case_word SCREAMING_CASE', 'aB1cD2', 'H2O CO\u2082 x\u00b2+y\u00b3', '\u01c5 \u02b0 \u00aa', '\u1e9e\u00df\u017f', '\U00010400\U00010428',
    '\U0001d400\U0001d7d8', '\u2167\u2178\u3007', '\u0f33\u19da', 'line one\nline two\n', '\n', '\n\n\n', '\r', '\r\r\n', ' \n ', '\n  x', 'x  ', 'x \n', '  \n  y',
]  # fmt: skip
LONG = [
    'a' * 2000, 'ab' * 700, '\u00e9' * 500, '\U0001f642' * 300, ' ' * 300, '\n' * 150, '=' * 200, '1' * 401, '\u4e00' * 300,
    'pneumonoultramicroscopicsilicovolcanoconiosis' * 8, 'word ' * 400, '\t' * 99, '<s>' * 60, '.' * 333,
]  # fmt: skip


def by_category(generator):
    """A few characters of every general category, alone, between letters, and after white space."""
    groups = {}
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if category != 'Cs':
            groups.setdefault(category, []).append(chr(code))
    texts = []
    for category in sorted(groups):
        drawn = generator.sample(groups[category], min(4, len(groups[category])))
        texts.append(''.join(f'a{c}b {c} {c}{c}\n\n{c}1{c}' for c in drawn))
        texts.append(''.join(drawn))
    return texts


def make_texts():
    """The same list in every run of one version of Python's Unicode tables."""
    generator = random.Random(11)
    texts = [*WRITTEN, *LONG, *by_category(generator)]
    texts += ['1' * count for count in range(1, 11)] + [f'a{"7" * count} {"3" * count}b' for count in range(1, 9)]
    texts += [f'x{a}{b}y{b}\u00bd' for a in SPACES for b in SPACES[:7]]
    texts += [f'a{m}b' for m in MARKS] + [f'a {m} b\n{m}\n' for m in MARKS] + [m + m for m in MARKS]
    pool = [*'aeB1 9\n', ' ', ' the', 'ing', "'s", '\r\n', '\u00e9', '\u0301', '\U0001f642', '\u4e2d', '\u0660', '\u00bd', '.', ' (', '_',
            '\t', '<s>', '<|im_end|>', '\u00a0', '\u3000', '\u05d0', '\u0639']  # fmt: skip
    texts += [''.join(generator.choices(pool, k=generator.randint(3, 40))) for _ in range(120)]
    return list(dict.fromkeys(texts))


def id_lists(size):
    """Token ids as a model could draw them: decoders see parts of characters and tokens in any order."""
    return [[(2654435761 * (24 * row + k + 1)) % size for k in range(24)] for row in range(64)]
