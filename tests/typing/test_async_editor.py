from __future__ import annotations

import inspect
from collections.abc import Iterator

import attrs
import pytest
from language_server import LanguageServer

from ecrimages import AsyncClient, AsyncImageIterator, AsyncRegistryIterator, Image

FUNCTION = "import ecrimages\nasync def main(client: ecrimages.AsyncClient) -> None:\n"
METHODS = sorted(
    name for name, value in vars(AsyncClient).items() if inspect.isfunction(value) and not name.startswith("_")
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with LanguageServer(tmp_path_factory.mktemp("workspace")) as server:
        yield server


def public_names(class_: type[object]) -> set[str]:
    return {name for name in dir(class_) if not name.startswith("_")}


@pytest.mark.parametrize(
    "loop",
    [
        "async for image in client.describe_images('team/app'):\n        image.^",
        "async for image in client.get_images('team/app', ['v1']):\n        image.^",
        "async for image in client.registry_images():\n        image.^",
        "async for page in client.describe_images('team/app').pages():\n        page.images[0].^",
        "(await client.get_image('team/app', 'v1')).^",
        "(await client.newest_images('team/app'))[0].^",
    ],
)
def test_an_image_offers_its_fields(server: LanguageServer, loop: str) -> None:
    """An editor knows what each call yields or returns."""
    offered = server.complete(f"{FUNCTION}    {loop}")

    assert {field.name for field in attrs.fields(Image)} <= set(offered)


@pytest.mark.parametrize(
    ("subject", "class_"),
    [
        ("client", AsyncClient),
        ("client.describe_images('team/app')", AsyncImageIterator),
        ("client.registry_images()", AsyncRegistryIterator),
    ],
)
def test_what_is_public_is_offered(server: LanguageServer, subject: str, class_: type[object]) -> None:
    """Client and iterators offer their public names."""
    offered = server.complete(f"{FUNCTION}    {subject}.^")

    assert {name for name in offered if not name.startswith("_")} == public_names(class_)


@pytest.mark.parametrize("argument", ["describe_images('team/app', tag_status=", "registry_images(tag_status="])
def test_an_argument_offers_its_values(server: LanguageServer, argument: str) -> None:
    """After the quotation mark stand the strings that are allowed."""
    offered = server.complete(f'{FUNCTION}    client.{argument}"^")')

    assert offered == ['"TAGGED"', '"UNTAGGED"', '"ANY"']


@pytest.mark.parametrize("method", METHODS)
def test_a_call_tells_its_arguments_and_errors(server: LanguageServer, method: str) -> None:
    """Hovering a call shows its signature, its documentation, each argument and the errors."""
    shown = server.hover(f"{FUNCTION}    client.{method}^").replace("\\", "").replace("&nbsp;", " ")

    assert str(inspect.getdoc(getattr(AsyncClient, method))).splitlines()[0] in shown
    parameters = list(inspect.signature(getattr(AsyncClient, method)).parameters)[1:]
    for parameter in parameters:
        assert f"  {parameter}: " in shown
    for section in ("Args:", "Returns:", "Raises:") if parameters else ():
        assert section in shown
    assert ("CoroutineType" in shown) == inspect.iscoroutinefunction(getattr(AsyncClient, method))
