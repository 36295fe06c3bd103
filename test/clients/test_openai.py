"""OpenAI's Python package against a running server."""

import os

import openai
import pytest

MODEL = "tiny-chat"
URL = os.environ["THINKER_URL"]
KEY = os.environ["THINKER_KEY"]
ASK = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Who are you?"}],
    "temperature": 0,
    "max_completion_tokens": 32,
}


def client_of(key=KEY):
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0)


@pytest.fixture
def client():
    return client_of()


def test_lists_models(client):
    assert [model.id for model in client.models.list()] == [MODEL]
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
