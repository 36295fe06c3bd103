"""One server for the whole run: the built service on the database of TEST_DATABASE_URL, or that of TINKER_BASE_URL."""

import os
import warnings

import pytest
from routes import routes_in
from support import API_KEY, LOGS, ROOT, Server, rest, service, training

KEYS = ("tml-first-key-of-the-tests", "tml-second-key-of-the-tests")

os.environ.setdefault("TINKER_API_KEY", API_KEY)
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def pytest_configure():
    # Newer SDKs warn of the calls that older ones need; these tests use both.
    warnings.filterwarnings("ignore", category=FutureWarning)


def pytest_terminal_summary(terminalreporter):
    reached, others = routes_in("\n".join(LOGS))
    if reached:
        terminalreporter.section(f"routes reached: {len(reached)}, not reached: {len(others)}")
        for mark, routes in (("reached", reached), ("-", others)):
            for route in sorted(routes, key=str.split):
                terminalreporter.line(f"{mark:8}{route}")


def start(variable: str, **settings: str) -> Server:
    database = os.environ.get(variable)
    if not database:
        raise pytest.UsageError(f"{variable} names no database: use npm run test:sdk, which makes one")
    return Server(database, **settings)


@pytest.fixture(scope="session")
def url():
    given = os.environ.get("TINKER_BASE_URL")
    if given:
        yield given
        return
    server = start("TEST_DATABASE_URL")
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def keyed_url():
    """A server that knows two keys, each somebody else's."""
    server = start("TEST_DATABASE_URL_KEYS", API_KEYS=",".join(KEYS))
    yield server.url
    server.stop()


@pytest.fixture
def client(url):
    return service(url)


@pytest.fixture
def rest_client(url):
    return rest(url)


@pytest.fixture
def trainer(client):
    return training(client)


@pytest.fixture(scope="session")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(ROOT / "models" / "tiny-chat")
