"""Anthropic's Python package against a running server."""

import os
from typing import Literal

import anthropic
import pytest
from pydantic import BaseModel

MODEL = "tiny-chat"
TOOL_MODEL = os.environ["THINKER_TOOL_MODEL"]
URL = os.environ["THINKER_URL"]
KEY = os.environ["THINKER_KEY"]
GREEDY = {"temperature": 0}  # the package knows no such field any more
ASK = {"model": MODEL, "max_tokens": 32, "messages": [{"role": "user", "content": "Who are you?"}]}


class Forecast(BaseModel):
    unit: Literal["C", "F"]
    rain: bool


def client_of(key=KEY):
    return anthropic.Anthropic(base_url=URL, api_key=key, max_retries=0)


@pytest.fixture
def client():
    return client_of()


def test_lists_models(client):
    assert [model.id for model in client.models.list()] == [MODEL, TOOL_MODEL]
    assert client.models.retrieve(MODEL).display_name == MODEL


def test_chats(client):
    message = client.messages.create(**ASK, extra_body=GREEDY)
    assert message.content[0].text.startswith("I am Tiny")
    assert message.stop_reason == "end_turn"
    assert message._request_id.startswith("req_")


def test_older_version(client):
    older = {"anthropic-version": "2023-06-01"}
    message = client.messages.create(**ASK, extra_body=GREEDY, extra_headers=older)
    assert message.content[0].text.startswith("I am Tiny")


def test_streams(client):
    whole = client.messages.create(**ASK, extra_body=GREEDY)
    with client.messages.stream(**ASK, extra_body=GREEDY) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 5
    assert "".join(pieces) == whole.content[0].text
    assert (final.usage.input_tokens, final.usage.output_tokens) == (
        whole.usage.input_tokens,
        whole.usage.output_tokens,
    )


def test_stops_at_a_sequence(client):
    message = client.messages.create(**ASK, stop_sequences=["Tiny"], extra_body=GREEDY)
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "Tiny")


def test_counts_tokens(client):
    prompt = {key: value for key, value in ASK.items() if key != "max_tokens"}
    count = client.messages.count_tokens(**prompt)
    assert count.input_tokens == client.messages.create(**ASK).usage.input_tokens


def test_calls_tools(client):
    forecast = {"name": "forecast", "description": "Tells.", "input_schema": Forecast.model_json_schema()}
    ask = {**ASK, "model": TOOL_MODEL, "tools": [forecast], "max_tokens": 120, "extra_body": GREEDY}
    choice = {"type": "any", "disable_parallel_tool_use": True}
    message = client.messages.create(**ask, tool_choice=choice)
    (use,) = message.content
    assert (message.stop_reason, use.type, use.name) == ("tool_use", "tool_use", "forecast")
    Forecast.model_validate(use.input)

    with client.messages.stream(**ask, tool_choice=choice) as stream:
        streamed = stream.get_final_message()
    assert streamed.content[0].input == use.input

    result = {"type": "tool_result", "tool_use_id": use.id, "content": "rain"}
    messages = [*ASK["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    after = client.messages.create(**{**ask, "messages": messages}, tool_choice={"type": "none"})
    assert after.stop_reason in ("end_turn", "max_tokens")


def test_parses_structured_output(client):
    message = client.messages.parse(**{**ASK, "max_tokens": 120}, output_format=Forecast, extra_body=GREEDY)
    assert isinstance(message.parsed_output, Forecast)


def test_errors(client):
    with pytest.raises(anthropic.AuthenticationError):
        client_of("sk-wrong").models.list()
    with pytest.raises(anthropic.NotFoundError) as nobody:
        client.messages.create(**{**ASK, "model": "nobody"})
    assert nobody.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.BadRequestError) as too_long:
        client.messages.create(**{**ASK, "max_tokens": 4096})
    assert too_long.value.body["error"]["details"]["field"] == "max_tokens"
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(**ASK, tools=[{"name": "add", "input_schema": {"type": "object"}}])
