"""OpenAI's Python package against a running server."""

import json
import os
from typing import Literal

import openai
import pytest
from pydantic import BaseModel

MODEL = "tiny-chat"
TOOL_MODEL = os.environ["THINKER_TOOL_MODEL"]
URL = os.environ["THINKER_URL"]
KEY = os.environ["THINKER_KEY"]
ASK = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Who are you?"}],
    "temperature": 0,
    "max_completion_tokens": 32,
}


class Forecast(BaseModel):
    unit: Literal["C", "F"]
    rain: bool


def client_of(key=KEY):
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0)


@pytest.fixture
def client():
    return client_of()


def test_lists_models(client):
    assert [model.id for model in client.models.list()] == [MODEL, TOOL_MODEL]
    assert client.models.retrieve(MODEL).owned_by == "base"


def test_chats(client):
    answer = client.chat.completions.create(**ASK)
    assert answer.choices[0].message.content.startswith("I am Tiny")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_streams(client):
    whole = client.chat.completions.create(**ASK)
    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))
    pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert len(pieces) > 5
    assert "".join(pieces) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_stream_helper(client):
    with client.chat.completions.stream(**ASK) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content.startswith("I am Tiny")


def test_continues_text_with_logprobs(client):
    answer = client.completions.create(model=MODEL, prompt="My name is", max_tokens=4, temperature=0, logprobs=1)
    assert len(answer.choices[0].logprobs.tokens) == 4


def test_calls_tools(client):
    forecast = openai.pydantic_function_tool(Forecast, name="forecast")
    ask = {**ASK, "model": TOOL_MODEL, "tools": [forecast], "max_completion_tokens": 120}
    answer = client.chat.completions.create(**ask, tool_choice="required", parallel_tool_calls=False)
    (call,) = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "forecast"
    Forecast.model_validate_json(call.function.arguments)

    with client.chat.completions.stream(**ask, tool_choice="required", parallel_tool_calls=False) as stream:
        streamed = stream.get_final_completion()
    (same,) = streamed.choices[0].message.tool_calls
    assert same.function.parsed_arguments == Forecast(**json.loads(call.function.arguments))

    result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    messages = [*ASK["messages"], answer.choices[0].message, result]
    after = client.chat.completions.create(**{**ask, "messages": messages}, tool_choice="none")
    assert after.choices[0].message.tool_calls is None


def test_parses_structured_output(client):
    answer = client.chat.completions.parse(**{**ASK, "max_completion_tokens": 120}, response_format=Forecast)
    assert isinstance(answer.choices[0].message.parsed, Forecast)


def test_async():
    import asyncio

    async def ask():
        client = openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
        answers = await asyncio.gather(*(client.chat.completions.create(**ASK) for _ in range(4)))
        return {answer.choices[0].message.content for answer in answers}

    assert len(asyncio.run(ask())) == 1


def test_errors(client):
    with pytest.raises(openai.AuthenticationError) as wrong_key:
        client_of("sk-wrong").models.list()
    assert wrong_key.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError) as nobody:
        client.chat.completions.create(**{**ASK, "model": "nobody"})
    assert (nobody.value.code, nobody.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as too_hot:
        client.chat.completions.create(**{**ASK, "temperature": 9})
    assert too_hot.value.param == "temperature"


def test_no_embeddings(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=MODEL, input="Hi")
    assert refused.value.code == "embeddings_not_supported"
