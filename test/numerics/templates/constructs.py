"""One construct of Jinja each, over `messages`: what implementations of Jinja other than Jinja2 get wrong, or lack."""

OVER = '{% for m in messages %}[%s]{% endfor %}'


def each(expression):
    return OVER.replace('%s', '{{ ' + expression + ' }}')


CONSTRUCTS = {
    # What is stripped
    'lstrip of line ends': each('m.content.lstrip("\\n")'),
    'rstrip of line ends': each('m.content.rstrip("\\n")'),
    'strip of letters': each('"abcab".strip("ab") ~ m.content.strip("two ")'),
    'strip of white space': each('m.content.strip()'),
    'trim': each('m.content | trim'),
    'trim of characters': each('m.content | trim("o")'),
    # Counting and case
    'length of text': each('m.content | length'),
    'slices': each('m.content[1:3] ~ m.content[-2:] ~ m.content[::-1]'),
    'capitalize': each('m.content | capitalize ~ "hELLO" | capitalize'),
    'title': each('m.content.title() ~ "l\'été" | title'),
    'upper, lower, swapcase': each('m.content.upper() ~ m.content.lower() ~ m.content.swapcase()'),
    # Numbers and constants
    'arithmetic': '{{ (-7) % 3 }} {{ -7 // 2 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1e3 }} {{ 0.1 + 0.2 }} {{ 10 / 5 }}',
    'numbers as JSON': '{{ 2.0 | tojson }} {{ 1e20 | tojson }} {{ [1, 2.5, none, true] | tojson }}',
    'constants as text': '{{ "" ~ true ~ none ~ false }} {{ [true, none, 1.0, "a\'b"] }} {{ {"a": none} }}',
    'undefined and none': '{{ x == none }} {{ x is none }} {{ x is defined }} {{ none is none }} {{ x ~ "a" }} {{ x | upper }} {{ x | length }}',
    'rounding': '{{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ 7 | round(-1) }} {{ "3" | int + 1 }} {{ "x" | float(2) }}',
    'sums': '{{ [1, 2, 3] | sum }} {{ messages | map(attribute="content") | map("length") | sum }}',
    # Loop controls and loop variables
    'continue keeps what was written': '{% for m in messages %}{% if loop.first %}A{% continue %}{% endif %}B{% endfor %}',
    'break keeps what was written': '{% for m in messages %}{{ m.role }};{% if m.role == "user" %}U{% break %}{% endif %}{% endfor %}',
    'continue in an inner loop': '{% for m in messages %}{% for c in m.content %}{% if c == "o" %}{% continue %}{% endif %}{{ c }}{% endfor %}|{% endfor %}',
    'loop variables': '{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.length }}{{ loop.cycle("a", "b") }}{{ loop.previtem.role }}{{ loop.nextitem.role }};{% endfor %}',
    'changed': '{% for m in messages %}{% if loop.changed(m.role) %}{{ m.role }}{% endif %}.{% endfor %}',
    'loop with a condition and else': '{% for m in messages if m.role == "tool" %}{{ m.content }}{% else %}none{% endfor %}',
    'recursive loops': '{% for x in [[1, [2]], [3]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}',
    'scopes': '{% set n = 0 %}{% for m in messages %}{% set n = n + 1 %}{% endfor %}{{ n }}{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}',
    # Methods of text
    'startswith with a start': each('"abc".startswith("b", 1) ~ m.content.startswith(("t", "f"))'),
    'split and rsplit': each('m.content.split() ~ m.content.split("o") ~ m.content.rsplit("\\n", 1)'),
    'splitlines, partition': each('m.content.splitlines() ~ m.content.partition("o")'),
    'find, index, count': each('m.content.find("o") ~ m.content.count("t")'),
    'replace': each('m.content.replace("o", "0", 1) ~ (m.content | replace("t", "T"))'),
    'removeprefix': each('m.content.removeprefix("t").removesuffix("o")'),
    'format': each('"%s-%05.2f" % (m.role, 1.5) ~ "{} {:>6}".format(m.role, loop.index) ~ ("%d" | format(3))'),
    'join': each('["a", m.role, 1] | join(", ") ~ "-".join(["x", "y"])'),
    'repetition and comparison': each('"=" * 3 ~ ("a" < m.content) ~ (m.content in "one two three")'),
    'characters of a text': '{% for m in messages %}{% for c in m.content %}<{{ c }}>{% endfor %}{% endfor %}',
    'tests of text': each('m.content.isdigit() ~ m.content.isspace() ~ m.content.isalnum() ~ m.content.isupper()'),
    'zfill, center, encode': each('m.role.zfill(12) ~ m.role.center(12, "*") ~ m.content.encode("utf-8")'),
    # Filters
    'tojson': each('m | tojson'),
    'tojson with settings': each('m | tojson(indent=2) ~ (m | tojson(separators=(",", ":"), sort_keys=true, ensure_ascii=true))'),
    'selectattr and rejectattr': '{{ messages | selectattr("role", "equalto", "user") | map(attribute="content") | list }}{{ messages | rejectattr("role", "eq", "user") | list | length }}',
    'groupby, unique, sort': '{% for role, group in messages | groupby("role") %}{{ role }}{{ group | length }}{% endfor %}{{ messages | map(attribute="role") | unique | sort | list }}',
    'dictsort, items': each('m | dictsort ~ (m | items | list)') + '{{ {"b": 1, "a": 2} | dictsort(by="value", reverse=true) }}',
    'first, last, batch, slice': '{{ messages | first | attr("keys") is defined }}{{ (messages | last).content }}{{ [1, 2, 3, 4, 5] | batch(2, 0) | list }}{{ [1, 2, 3] | slice(2) | list }}',
    'default': '{{ x | default("d") }}{{ "" | default("e", true) }}{{ none | d("f") }}{{ messages[0].name | default(messages[0].role) }}',
    'indent, wordwrap, truncate': each('m.content | indent(2, true) ~ (m.content | wordwrap(40)) ~ (m.content | truncate(6, true, "..", 0))'),
    'escape and safe': each('m.content | e ~ (m.content | safe) ~ ("<a>" | escape | upper)'),
    'min, max, abs, reverse': '{{ [3, 1, 2] | min }}{{ [3, 1] | max }}{{ -4 | abs }}{{ [1, 2] | reverse | list }}{{ "abc" | reverse }}',
    'string, list, pprint, xmlattr': each('loop.index | string ~ (m.role | list) ~ ({"a": 1} | pprint) ~ ({"b": m.role} | xmlattr)'),
    'urlencode, striptags, wordcount': each('m.content | urlencode ~ (m.content | striptags) ~ (m.content | wordcount)'),
    'random order of keys': '{{ {"b": 1, "a": 2} }} {{ {"b": 1, "a": 2}.keys() | list }} {{ dict(a=1, b=2) }} {{ dict({"a": 1}, b=2).items() | list }}',
    # Tests
    'tests of kinds': '{{ 1 is number }}{{ "a" is string }}{{ [] is sequence }}{{ {} is mapping }}{{ messages is iterable }}{{ true is boolean }}{{ 1.5 is float }}{{ 2 is integer }}{{ none is none }}',
    'tests of values': '{{ 3 is odd }}{{ 4 is divisibleby 2 }}{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 2 is gt 1 }}{{ "a" is in ["a"] }}{{ "A" is upper }}{{ 1 is sameas 1 }}{{ "x" is filter }}{{ "upper" is filter }}',
    'not in, and, or': each('m.role not in ["user"] and "a" or "b"'),
    'inline if without else': each('"a" if loop.first') + '{{ 1 if false }}',
    # Statements
    'raw': '{% raw %}{{ not rendered }}{% endraw %}{{ messages[0].role }}',
    'white space control': 'a  {%- if true %}  b  {%- endif -%}  c\n  {%+ if true %}d{% endif +%}\n  e\n{#- gone -#}\nf {{- " g " -}} h',
    'blocks on lines of their own': '\n  {% if true %}\n    x\n  {% endif %}\n    {{ "y" }}\n  {# z #}\n  end\n',
    'set blocks with a filter': '{% set x | upper %}abc{{ messages[0].role }}{% endset %}{{ x }}',
    'filter blocks': '{% filter upper %}{{ messages[0].content }} abc{% endfilter %}',
    'macros': '{% macro f(a, b="x") %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{{ caller is defined }}{% endmacro %}{{ f(1) }}{{ f(1, 2, 3, k=4) }}',
    'call blocks': '{% macro box(t) %}<{{ t }}>{{ caller("in") }}</{{ t }}>{% endmacro %}{% call(x) box("b") %}{{ x }}{{ messages[0].role }}{% endcall %}',
    'with': '{% with a = 1, b = messages[0].role %}{{ a }}{{ b }}{% endwith %}{{ a }}',
    'unpacking': '{% for k, v in {"a": 1}.items() %}{{ k }}{{ v }}{% endfor %}{% set a, b = 1, 2 %}{{ a + b }}{% set x, (y, z) = 1, (2, 3) %}{{ z }}',
    'cycler, joiner, lipsum': '{% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{% set j = joiner("|") %}{{ j() }}x{{ j() }}y{{ range(3, 0, -1) | list }}',
    'negative and chained access': '{{ messages[-1]["content"] }}{{ messages[0].nothing }}{{ messages[0]["nothing"] is defined }}{{ (messages | length > 99) }}',
    'literals': '{{ [1, 2, (3,)] }}{{ {"a": [1]} }}{{ (1, 2) }}{{ 1_000 }}{{ 0x1f }}{{ "a" "b" }}{{ "tab\\tquote\\"u\\u00e9" }}',
    'comparisons in a row': '{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}{{ not 1 == 2 }}{{ "1" == 1 }}{{ [1] == [1] }}{{ 1 == 1.0 == true }}',
    'self and super keys': each('m.items() | list ~ m.get("name", "?") ~ ("content" in m)'),
    'line numbers and autoescape': '{% autoescape true %}{{ "<b>" }}{{ messages[0].content }}{% endautoescape %}{{ "<b>" }}',
    # What is refused
    'raise_exception': '{% if messages[0].role != "user" %}{{ raise_exception("The user begins, not " + messages[0].role + "!") }}{% endif %}ok',
    'sandbox: attributes': '{{ messages[0].content.__class__ }}',
    'sandbox: changes': '{% set x = [1] %}{{ x.append(2) }}',
    'sandbox: namespaces': '{% set ns = namespace(_a=1) %}',
    'an undefined in a sum': '{{ "a" + x }}',
    'an undefined attribute': '{{ x.y }}',
    'a missing method': '{{ messages[0].content.shout() }}',
    'a wrong type': '{{ 1 + "a" }}',
    'division by zero': '{{ 1 / 0 }}',
    'do is not there': '{% do messages %}',
    'syntax error': '{% for m in messages %}{{ m.role }}{% endfo %}',
    'unknown filter': '{{ "a" | shout }}',
    'unknown test': '{{ "a" is shouted }}',
    'include': '{% include "x" %}',
    'a break outside of a loop': '{% break %}',
}
