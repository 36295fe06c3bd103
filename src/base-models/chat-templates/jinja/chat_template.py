"""Renders chat templates with Jinja2 in the environment that transformers gives them (utils/chat_template_utils.py, 5.24).

Runs inside the renderer's thread (renderer-thread.mjs). Requests and answers are JSON texts. Positions are counted in
code points, as Python counts them.
"""

import json
from datetime import datetime
from functools import lru_cache

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

# Longest text that a template may write; a longer one is refused before it fills the memory.
MAX_CHARACTERS = 64 * 1024 * 1024
# Fields under which messages carry reasoning. The first is what templates read, the second what those of gpt-oss read.
REASONING_FIELDS = ("reasoning_content", "thinking", "reasoning")
# Trailing space: whether it is still there tells whether the template keeps white space at the end of a message.
CONTINUE_TAG = "CONTINUE_FINAL_MESSAGE_TAG "


class RefusedInput(Exception):
    """The request does not fit the template's conventions; the message is for the client."""


class GenerationBlocks(Extension):
    """`{% generation %}...{% endgeneration %}`: what the assistant wrote. Notes where each block lies in the text."""

    tags = {"generation"}

    def __init__(self, environment):
        super().__init__(environment)
        environment.generation_blocks = self
        self.written = 0
        self.blocks = []
        self.seen = False

    def parse(self, parser):
        self.seen = True
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_keep"), [], [], body).set_lineno(line)

    def _keep(self, caller):
        text = caller()
        self.blocks.append((self.written, text))
        return text

    def run(self, pieces):
        """The whole text of a rendering and the spans of its blocks, or None where those cannot be told."""
        self.written, self.blocks = 0, []
        kept = []
        for piece in pieces:
            kept.append(piece)
            self.written += len(piece)
            if self.written > MAX_CHARACTERS:
                raise RefusedInput(f"The rendered text is longer than {MAX_CHARACTERS} characters.")
        text = "".join(kept)
        # A block inside a macro, a filter or a set block is written somewhere else than where it was rendered.
        if not all(text.startswith(block, start) for start, block in self.blocks):
            return text, None
        return text, [(start, start + len(block)) for start, block in self.blocks]


class TemplateDict:
    """`dict` for templates, without a class's attributes."""

    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)

    def fromkeys(self, *args, **kwargs):
        return dict.fromkeys(*args, **kwargs)


class TemplateNamespace(Namespace):
    """`namespace` for templates: no attribute may begin with an underscore."""

    def __init__(*args, **kwargs):
        # An argument may be called `self`.
        self, *rest = args
        attributes = dict(*rest, **kwargs)
        for name in attributes:
            refuse_private(name)
        Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        refuse_private(name)
        Namespace.__setitem__(self, name, value)


def refuse_private(name):
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"A namespace cannot hold the attribute {name!r}, which begins with an underscore.")


def raise_exception(message):
    raise TemplateError(message)


def strftime_now(format):
    return datetime.now().strftime(format)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


@lru_cache(maxsize=64)
def compiled(source):
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationBlocks, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals.update(
        raise_exception=raise_exception,
        strftime_now=strftime_now,
        dict=TemplateDict(),
        namespace=TemplateNamespace,
    )
    return environment.from_string(source)


def normalized(message):
    """Null fields are absent ones, and reasoning is there under every name that templates read."""
    kept = {key: value for key, value in message.items() if value is not None}
    reasoning = next((kept[field] for field in REASONING_FIELDS if field in kept), None)
    return kept if reasoning is None else {"thinking": reasoning, **kept, "reasoning_content": reasoning}


def tag_final_message(source, message, field):
    """Marks where the last message ends; its text, which has to stand in the rendering."""
    text = message.get(field)
    if text is None:
        raise RefusedInput(f"The last message has no {field} to continue.")
    fields = [field]
    if field in REASONING_FIELDS:
        fields = [name for name in REASONING_FIELDS if message.get(name) == text]
    if not any(name in source for name in fields):
        raise RefusedInput(f"The chat template does not read {field}, so it cannot be continued.")
    if not isinstance(text, list):
        for name in fields:
            message[name] = message[name] + CONTINUE_TAG
        return text
    for part in reversed(text):
        if "text" in part:
            text = part["text"]
            part["text"] = text + CONTINUE_TAG
            return text
    raise RefusedInput("The last message has no text to continue.")


def cut_at_tag(rendered, text):
    tag = CONTINUE_TAG.strip()
    if text.strip() not in rendered or tag not in rendered:
        raise RefusedInput("The chat template does not write the last message as it is, so it cannot be continued.")
    at = rendered.rindex(tag)
    whole = rendered[at : at + len(CONTINUE_TAG)] == CONTINUE_TAG
    return rendered[:at] if whole else rendered[:at].rstrip()


def render(source, request):
    template = compiled(source)
    messages = [normalized(message) for message in request["messages"]]
    goes_on = request["continueFinalMessage"]
    if goes_on:
        if not messages:
            raise RefusedInput("There is no message to continue.")
        text = tag_final_message(source, messages[-1], goes_on if isinstance(goes_on, str) else "content")
    pieces = template.generate(
        messages=messages,
        tools=request["tools"],
        documents=request["documents"],
        add_generation_prompt=request["addGenerationPrompt"],
        **request["variables"],
    )
    blocks = template.environment.generation_blocks
    rendered, spans = blocks.run(pieces)
    if goes_on:
        return {"text": cut_at_tag(rendered, text), "spans": None}
    return {"text": rendered, "spans": spans if blocks.seen else None}


def answer(source, request):
    """The rendering of a request, or what is wrong with the template or the messages. An empty request only compiles."""
    try:
        if not request:
            compiled(source)
            return json.dumps({"text": "", "spans": None})
        return json.dumps(render(source, json.loads(request)), ensure_ascii=False)
    except TemplateSyntaxError as error:
        return failure(f"{error.message} (line {error.lineno})")
    except (MemoryError, RecursionError) as error:
        return failure(f"{type(error).__name__}: the conversation or the template is too large or too deep.")
    except (TemplateError, RefusedInput) as error:
        return failure(str(error))
    except Exception as error:  # Whatever a template's expressions raise: a TypeError, a KeyError, ...
        return failure(f"{type(error).__name__}: {error}")


def failure(message):
    return json.dumps({"error": message})
