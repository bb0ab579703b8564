"""What editors offer and show: pyright's language server, and jedi, as in IPython."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import jedi
import pytest
from language_server import LanguageServer

import ecrimages
from ecrimages import (
    AsyncClient,
    AsyncImageIterator,
    AsyncRegistryIterator,
    Client,
    Image,
    ImageId,
    ImageIterator,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    RegistryIterator,
    SeverityCounts,
)

RECORDS = [Image, ImageId, ImagePage, ImageScanFindingsSummary, ImageScanStatus]
IMPORT = "import ecrimages\n"
FUNCTION = f"{IMPORT}async def main(client: ecrimages.AsyncClient) -> None:\n    "
# Each way to a record, and what else has public names.
SUBJECTS = {
    "for image in ecrimages.describe_images('team/app'):\n    image": Image,
    "ecrimages.get_image('team/app', 'v1')": Image,
    "ecrimages.newest_images('team/app')[0]": Image,
    "next(ecrimages.get_images('team/app', ['v1']))": Image,
    "next(ecrimages.registry_images())": Image,
    "next(ecrimages.Client().describe_images('team/app'))": Image,
    "next(ecrimages.describe_images('team/app').pages())": ImagePage,
    "ecrimages.describe_images('team/app')": ImageIterator,
    "ecrimages.registry_images()": RegistryIterator,
    "ecrimages.Client()": Client,
    "ecrimages.SeverityCounts()": SeverityCounts,
}
ASYNC_SUBJECTS = {
    "async for image in client.describe_images('team/app'):\n        image": Image,
    "async for image in client.get_images('team/app', ['v1']):\n        image": Image,
    "async for image in client.registry_images():\n        image": Image,
    "async for page in client.describe_images('team/app').pages():\n        page.images[0]": Image,
    "(await client.get_image('team/app', 'v1'))": Image,
    "(await client.newest_images('team/app'))[0]": Image,
    "client": AsyncClient,
    "client.describe_images('team/app')": AsyncImageIterator,
    "client.registry_images()": AsyncRegistryIterator,
}

Complete = Callable[[str], list[str]]


def public_names(value: object) -> set[str]:
    return {name for name in dir(value) if not name.startswith("_")}


def calls_of(client_class: type[Any]) -> list[str]:
    return [name for name in sorted(public_names(client_class)) if inspect.isfunction(getattr(client_class, name))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with LanguageServer(tmp_path_factory.mktemp("workspace")) as server:
        yield server


@pytest.fixture(params=["pyright", "jedi"])
def complete(request: pytest.FixtureRequest, server: LanguageServer) -> Complete:
    """Completion at the end of the code."""
    if request.param == "pyright":
        return lambda code: server.complete(f"{code}^")
    return lambda code: [
        name for completion in jedi.Script(code).complete() if not (name := completion.name).startswith("__")
    ]


def check_offered(offered: list[str], class_: type[Any]) -> None:
    names = set(offered)
    assert {name for name in names if not name.startswith("_")} == public_names(class_)
    if attrs.has(class_):
        assert names == public_names(class_)


@pytest.mark.parametrize(("subject", "class_"), SUBJECTS.items())
def test_public_names_are_offered(complete: Complete, subject: str, class_: type[Any]) -> None:
    """An editor knows what each call returns, through `next()`, an index or a loop; a record offers nothing private."""
    check_offered(complete(f"{IMPORT}{subject}."), class_)


@pytest.mark.parametrize(("subject", "class_"), ASYNC_SUBJECTS.items())
def test_public_names_are_offered_in_a_coroutine(server: LanguageServer, subject: str, class_: type[Any]) -> None:
    """An editor knows what each call of an asynchronous client yields or returns."""
    check_offered(server.complete(f"{FUNCTION}{subject}.^"), class_)


def test_the_package_offers_its_public_names(server: LanguageServer) -> None:
    """`ecrimages.` has the public names and no module, of ours or others."""
    offered = {name for name in server.complete(f"{IMPORT}ecrimages.^") if not name.startswith("_")}

    assert offered == set(ecrimages.__all__) - {"__version__"}


def test_the_prompt_offers_the_public_names_alone() -> None:
    """At a prompt jedi asks the module itself, and no private module is offered."""
    offered = jedi.Interpreter("ecrimages.", [{"ecrimages": ecrimages}]).complete()

    names = {completion.name for completion in offered if not completion.name.startswith("__")}
    assert names - {"testing"} == set(ecrimages.__all__) - {"__version__"}


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("describe_images('team/app', tag_status=", ["TAGGED", "UNTAGGED", "ANY"]),
        ("newest_images('team/app', tag_status=", ["TAGGED", "UNTAGGED", "ANY"]),
        ("registry_images(tag_status=", ["TAGGED", "UNTAGGED", "ANY"]),
        ("describe_images('team/app', image_status=", ["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"]),
        ("get_images('team/app', [], missing=", ["raise", "skip"]),
    ],
)
@pytest.mark.parametrize("holder", [f"{IMPORT}ecrimages", f"{FUNCTION}client"], ids=["sync", "async"])
def test_an_argument_offers_its_values(server: LanguageServer, holder: str, argument: str, values: list[str]) -> None:
    """After the quotation mark stand the strings that are allowed."""
    offered = server.complete(f'{holder}.{argument}"^")')

    assert offered == [f'"{value}"' for value in values]


@pytest.mark.parametrize(("record", "field"), [(record, field) for record in RECORDS for field in attrs.fields(record)])
def test_a_field_tells_its_meaning(server: LanguageServer, record: type[Any], field: attrs.Attribute[Any]) -> None:
    """Hovering a field shows its type, its meaning, its unit, and what None means where it may be None."""
    code = f"{IMPORT}def of(record: ecrimages.{record.__name__}) -> None:\n    record.{field.name}^"

    declaration, _, meaning = server.hover(code).partition("---")

    type_name = re.sub(r"(\w+\.)+", "", inspect.formatannotation(field.type))
    assert f"(variable) {field.name}: {type_name}\n" in declaration
    assert len(meaning) > 20
    assert ("None" in declaration) == ("None" in meaning)
    assert ("datetime" in declaration) == ("in UTC" in meaning)
    assert ("int" in declaration) == ("bytes" in meaning)


@pytest.mark.parametrize(
    ("holder", "client_class", "call"),
    [
        *[(f"{IMPORT}ecrimages.Client()", Client, call) for call in calls_of(Client)],
        *[(f"{IMPORT}ecrimages", Client, call) for call in calls_of(Client) if call in ecrimages.__all__],
        *[(f"{FUNCTION}client", AsyncClient, call) for call in calls_of(AsyncClient)],
    ],
)
def test_a_call_tells_its_arguments_and_errors(
    server: LanguageServer, holder: str, client_class: type[Any], call: str
) -> None:
    """Hovering a call shows its signature and what it is about, each argument and the errors."""
    shown = server.hover(f"{holder}.{call}^").replace("\\", "").replace("&nbsp;", " ")

    method = getattr(client_class, call)
    parameters = list(inspect.signature(method).parameters)[1:]
    assert str(inspect.getdoc(method)).splitlines()[0] in shown
    for part in [*parameters, "Args", "Returns", "Raises"] if parameters else []:
        assert f"{part}: " in shown or f"{part}:\n" in shown
    assert ("CoroutineType" in shown) == inspect.iscoroutinefunction(method)


def test_the_client_tells_what_it_takes(server: LanguageServer) -> None:
    """Hovering the class shows that a boto3 client is wanted."""
    shown = server.hover(f"{IMPORT}ecrimages.Client^()")

    assert "    ecr: AnyECRClient | None = None,\n" in shown
    assert "ecr: A boto3 ECR client, such as" in shown


@pytest.mark.parametrize("name", sorted(set(ecrimages.__all__) - {"AnyAsyncECRClient", "AnyECRClient", "__version__"}))
def test_every_name_tells_what_it_is(server: LanguageServer, name: str) -> None:
    """Hovering any public name shows its docstring."""
    shown = server.hover(f"{IMPORT}ecrimages.{name}^").replace("\\", "")

    first_line = str(inspect.getdoc(getattr(ecrimages, name))).splitlines()[0]
    assert first_line.split("`")[0] in shown
