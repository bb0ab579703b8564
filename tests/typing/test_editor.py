from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import jedi
import pytest
from language_server import LanguageServer

import ecrimages
from ecrimages import (
    Client,
    Image,
    ImageId,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    SeverityCounts,
)

LOOP = "import ecrimages\nfor image in ecrimages.describe_images('team/app'):\n    image."
RECORDS = [Image, ImageId, ImagePage, ImageScanFindingsSummary, ImageScanStatus]
CALLS = ["describe_images", "get_image", "get_images", "image_exists", "newest_images"]
# One line for each way to come by an image, and for each other record.
HOLDERS = {
    "ecrimages.get_image('team/app', tag='v1')": Image,
    "ecrimages.newest_images('team/app')[0]": Image,
    "next(ecrimages.get_images('team/app', ['v1']))": Image,
    "next(ecrimages.Client().describe_images('team/app'))": Image,
    "next(ecrimages.describe_images('team/app').pages())": ImagePage,
}

Complete = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with LanguageServer(tmp_path_factory.mktemp("workspace")) as server:
        yield server


@pytest.fixture(params=["pyright", "jedi"])
def complete(request: pytest.FixtureRequest, server: LanguageServer) -> Complete:
    """Completion at the end of the code: by pyright's language server, and by jedi, as in IPython."""
    if request.param == "pyright":
        return lambda code: server.complete(f"{code}^")
    return lambda code: [
        name for completion in jedi.Script(code).complete() if not (name := completion.name).startswith("__")
    ]


def fields(record: type[Any]) -> set[str]:
    return {field.name for field in attrs.fields(record)}


def test_an_image_offers_its_fields_and_two_methods(complete: Complete) -> None:
    """Nothing private and nothing inherited stands between the fields of an image in a loop."""
    offered = complete(LOOP)

    assert sorted(offered) == sorted(fields(Image) | {"from_dict", "to_dict"})


@pytest.mark.parametrize(("holder", "record"), HOLDERS.items())
def test_every_call_is_known_to_return_records(complete: Complete, holder: str, record: type[Any]) -> None:
    """An editor knows what each call gives, through `next()`, an index or a loop."""
    offered = complete(f"import ecrimages\n{holder}.")

    assert set(offered) - {"from_dict", "to_dict"} == fields(record)


def test_the_package_offers_its_public_names(server: LanguageServer) -> None:
    """`ecrimages.` has the public names and no module, of ours or others."""
    offered = server.complete("import ecrimages\necrimages.^")

    assert sorted(offered) == sorted(set(ecrimages.__all__) - {"__version__"})


def test_the_package_offers_its_public_names_to_jedi() -> None:
    """Jedi offers the files of the package besides, of which `testing` alone is not marked private."""
    offered = {completion.name for completion in jedi.Script("import ecrimages\necrimages.").complete()}

    public = {name for name in offered if not name.startswith("_")}
    assert public == set(ecrimages.__all__) - {"__version__"} | {"testing"}


def test_the_prompt_offers_the_public_names_alone() -> None:
    """At a prompt jedi asks the module itself, and no private module comes."""
    offered = jedi.Interpreter("ecrimages.", [{"ecrimages": ecrimages}]).complete()

    names = {completion.name for completion in offered if not completion.name.startswith("__")}
    assert names - {"testing"} == set(ecrimages.__all__) - {"__version__"}


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("describe_images('team/app', tag_status=", ["TAGGED", "UNTAGGED", "ANY"]),
        ("newest_images('team/app', tag_status=", ["TAGGED", "UNTAGGED", "ANY"]),
        ("describe_images('team/app', image_status=", ["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"]),
        ("get_images('team/app', [], missing=", ["raise", "skip"]),
    ],
)
def test_an_argument_offers_its_values(server: LanguageServer, argument: str, values: list[str]) -> None:
    """After the quotation mark stand the strings that will do."""
    offered = server.complete(f'import ecrimages\necrimages.{argument}"^")')

    assert offered == [f'"{value}"' for value in values]


@pytest.mark.parametrize("subject", ["ecrimages.Client()", "ecrimages.describe_images('team/app')"])
def test_what_is_public_comes_first(complete: Complete, subject: str) -> None:
    """A client and an iterator offer their public names, and what is private after them by its `_`."""
    offered = complete(f"import ecrimages\n{subject}.")

    public = {name for name in offered if not name.startswith("_")}
    assert public == ({*CALLS} if "Client" in subject else {"next_token", "pages"})


def test_severities_are_offered(complete: Complete) -> None:
    """The counts offer the documented severities and what every mapping has."""
    offered = complete("import ecrimages\necrimages.SeverityCounts().")

    severities = {name.lower() for name in ecrimages.FindingSeverity.__members__}
    assert {name for name in offered if not name.startswith("_")} == severities | {
        "get",
        "items",
        "keys",
        "values",
    }
    assert severities <= set(dir(SeverityCounts))


@pytest.mark.parametrize(("record", "field"), [(record, field) for record in RECORDS for field in attrs.fields(record)])
def test_a_field_tells_its_meaning(server: LanguageServer, record: type[Any], field: attrs.Attribute[Any]) -> None:
    """Hovering a field shows its type, its meaning, its unit, and what None means where it may be None."""
    code = f"import ecrimages\ndef of(record: ecrimages.{record.__name__}) -> None:\n    record.{field.name}^"

    declaration, _, meaning = server.hover(code).partition("---")

    assert f"(variable) {field.name}: {field.type}\n" in declaration
    assert len(meaning) > 20
    assert ("None" in declaration) == ("None" in meaning)
    assert ("datetime" in declaration) == ("in UTC" in meaning)
    assert ("int" in declaration) == ("bytes" in meaning)


@pytest.mark.parametrize("holder", ["ecrimages", "ecrimages.Client()"])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_tells_its_arguments_and_errors(server: LanguageServer, holder: str, call: str) -> None:
    """Hovering a call shows its signature and what it is about, each argument and the errors."""
    shown = server.hover(f"import ecrimages\n{holder}.{call}^").replace("\\", "").replace("&nbsp;", " ")

    method = getattr(Client, call)
    for parameter in list(inspect.signature(method).parameters)[1:]:
        assert f"  {parameter}: " in shown
    for section in ("Args:", "Returns:", "Raises:"):
        assert section in shown
    for error in ("TypeError", "ValueError", "RepositoryNotFoundError", "TransportError", "ResponseError"):
        assert f"  {error}: " in shown


def test_the_client_tells_what_it_takes(server: LanguageServer) -> None:
    """Hovering the class shows, first of all, that a boto3 client is wanted."""
    shown = server.hover("import ecrimages\necrimages.Client^()")

    assert "    ecr: ECRClient | OtherECRClient | UntypedClient | None = None,\n" in shown
    assert "ecr: A boto3 ECR client: its region, credentials, retries" in shown


@pytest.mark.parametrize("name", sorted(set(ecrimages.__all__) - {"__version__"}))
def test_every_name_tells_what_it_is(server: LanguageServer, name: str) -> None:
    """Hovering any public name shows its docstring."""
    shown = server.hover(f"import ecrimages\necrimages.{name}^").replace("\\", "")

    first_line = str(inspect.getdoc(getattr(ecrimages, name))).splitlines()[0]
    assert first_line.split("`")[0] in shown
