from __future__ import annotations

import ast
import inspect
import pydoc
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from traceback import format_exception_only
from types import ModuleType

import pytest

import ecrimages
import ecrimages.testing
from ecrimages import (
    Client,
    FindingSeverity,
    Image,
    ImageId,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    ImageStatusFilter,
    ScanStatus,
    SeverityCounts,
    TagStatus,
)
from ecrimages.testing import FakeECR, Fault, RecordedRequest

DIGEST = "sha256:" + "0f" * 32
PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
WHEN, SCANNED = f"pushed_at={PUSHED!r}", f"scan_completed_at={PUSHED!r}"
IMAGE = Image(registry_id="123456789012", repository_name="team/app", digest=DIGEST, pushed_at=PUSHED)
CALLS = ["describe_images", "get_image", "get_images", "image_exists", "newest_images"]
MODULES = [ecrimages, ecrimages.testing]
CLASSES = [
    (module, name) for module in MODULES for name in module.__all__ if isinstance(getattr(module, name), type)
]


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """An ECR with one image."""
    with FakeECR() as ecr:
        ecr.add_image("team/app", tags=["v1"], digest=DIGEST, pushed_at=PUSHED)
        yield ecr


@pytest.mark.parametrize("module", MODULES)
def test_what_is_imported_is_public(module: ModuleType) -> None:
    """`__all__` is sorted, and names what the package imports by name, no more and no less."""
    imported = {
        alias.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ImportFrom) and node.module not in {"ecrimages", "ecrimages._names"}
        for alias in node.names
    }

    assert module.__all__ == sorted(module.__all__)
    assert set(module.__all__) == imported


def test_dir_shows_the_public_names() -> None:
    """`dir(ecrimages)` and completion at a prompt show no private module."""
    assert dir(ecrimages) == sorted([*ecrimages.__all__, "testing"])


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_a_class_says_where_it_is_found(module: ModuleType, name: str) -> None:
    """A class is shown by the name that it can be imported by."""
    shown: type = getattr(module, name)

    assert (shown.__module__, shown.__qualname__) == (module.__name__, name)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Client(), "<Client: region to be found>"),
        (Client(registry_id="123456789012"), "<Client: region to be found, registry '123456789012'>"),
        (ecrimages.describe_images, "<bound method Client.describe_images of <Client: region to be found>>"),
        (
            ecrimages.describe_images("team/app"),
            "<ImageIterator of 'team/app': 0 images yielded, not started>",
        ),
        (
            IMAGE,
            (
                f"Image(registry_id='123456789012', repository_name='team/app', digest='{DIGEST}', {WHEN}, "
                "tags=())"
            ),
        ),
        (ImageId(tag="v1"), "ImageId(tag='v1')"),
        (ImageId(tag="v1", digest=DIGEST), f"ImageId(tag='v1', digest='{DIGEST}')"),
        (
            ImagePage(images=[IMAGE] * 1000, next_token="token"),
            "ImagePage(images=<1000 images>, next_token='token', request_id=None)",
        ),
        (
            ImageScanStatus(status=ScanStatus.COMPLETE, description="done"),
            "ImageScanStatus(status=<ScanStatus.COMPLETE: 'COMPLETE'>, description='done')",
        ),
        (
            ImageScanFindingsSummary(scan_completed_at=PUSHED, severity_counts={"HIGH": 1}),
            f"ImageScanFindingsSummary({SCANNED}, severity_counts=SeverityCounts({{'HIGH': 1}}))",
        ),
        (SeverityCounts({FindingSeverity.HIGH: 1}), "SeverityCounts({'HIGH': 1})"),
        (TagStatus.TAGGED, "<TagStatus.TAGGED: 'TAGGED'>"),
        (ImageStatusFilter.ANY, "<ImageStatusFilter.ANY: 'ANY'>"),
        (ImageStatus("FROZEN"), "<ImageStatus.FROZEN: 'FROZEN'>"),
        (FindingSeverity.LOW, "<FindingSeverity.LOW: 'LOW'>"),
        (Fault.throttling(), "Fault(name='ThrottlingException')"),
        (
            RecordedRequest(operation="DescribeImages", parameters={"maxResults": 1}, headers={"host": "x"}),
            "RecordedRequest(operation='DescribeImages', parameters={'maxResults': 1})",
        ),
    ],
)
def test_a_repr_is_short_and_true(value: object, shown: str) -> None:
    """Each public object shows all that it knows, in a line, and leaves out what is not there."""
    assert repr(value) == shown


def test_the_repr_of_a_client_tells_its_region(ecr: FakeECR) -> None:
    """A client shows where it looks."""
    client = Client(ecr.client(), registry_id="123456789012")

    assert repr(client) == "<Client: region 'us-east-1', registry '123456789012'>"


def test_the_repr_of_an_iterator_tells_how_far_it_is(ecr: FakeECR) -> None:
    """An iterator shows what it has yielded and whether there is more."""
    ecr.add_image("team/app")
    images = Client(ecr.client()).describe_images("team/app")

    next(images)
    on_the_way = repr(images)
    list(images)

    assert on_the_way == "<ImageIterator of 'team/app': 1 images yielded, more to come>"
    assert repr(images) == "<ImageIterator of 'team/app': 2 images yielded, all read>"
    assert repr(images.pages()) == f"<pages of {images!r}>"


def test_the_repr_of_a_fake_tells_its_address(ecr: FakeECR) -> None:
    """A fake shows where it listens and how much was asked of it."""
    Client(ecr.client()).image_exists("team/app", tag="v1")

    assert repr(ecr) == f"<FakeECR at {ecr.endpoint_url}, 1 requests>"


def test_help_shows_the_package() -> None:
    """`help(ecrimages)` begins with an example that can be copied, and has every public name."""
    text = pydoc.render_doc(ecrimages, renderer=pydoc.plaintext)  # type: ignore[attr-defined]

    assert '\n        for image in ecrimages.describe_images("team/app", tag_status="TAGGED"):\n' in text
    assert "\n            print(image.digest, image.tags, image.size_in_bytes, image.pushed_at)\n" in text
    classes = {name for name in ecrimages.__all__ if isinstance(getattr(ecrimages, name), type)}
    assert {name for name in classes if f"\n    class {name}(" not in text} == set()
    functions = text[text.index("\nFUNCTIONS\n") :]
    assert {name for name in CALLS if f"\n    {name}(" not in functions} == set()
    assert text.index("\nFUNCTIONS\n") < text.index("\nVERSION\n    " + ecrimages.__version__)


@pytest.mark.parametrize("call", CALLS)
def test_help_shows_a_call(call: str) -> None:
    """`help(ecrimages.describe_images)` has the signature, the arguments and the errors."""
    function = getattr(ecrimages, call)

    text = pydoc.render_doc(function, renderer=pydoc.plaintext)  # type: ignore[attr-defined]

    assert f"{call}(" in text
    for parameter in inspect.signature(function).parameters:
        assert f"  {parameter}: " in text
    for section in ("Args:", "Returns:", "Raises:"):
        assert section in text
    assert " self" not in text


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (
            Fault.expired_token(),
            (
                "AuthenticationError: The security token included in the request is expired (DescribeImages: "
                "ExpiredTokenException, HTTP 400, request id …). Renew the credentials, or check the clock"
            ),
        ),
        (
            Fault.throttling(),
            (
                "ThrottlingError: Rate exceeded (DescribeImages: ThrottlingException, HTTP 400, request id "
                "…). Try again later, or give the boto3 client more retries"
            ),
        ),
        (
            Fault.server_error(),
            (
                "ServerError: An internal server error has occured (DescribeImages: ServerException, HTTP "
                "500, request id …)"
            ),
        ),
        (
            Fault.error("AccessDeniedException", "User: U is not authorized"),
            (
                "AccessDeniedError: User: U is not authorized (DescribeImages: AccessDeniedException, HTTP "
                "400, request id …)"
            ),
        ),
        (
            Fault.error("InvalidParameterException", "In\n\nvalid."),
            (
                "InvalidParameterError: In valid (DescribeImages: InvalidParameterException, HTTP 400, "
                "request id …)"
            ),
        ),
        (
            Fault.error("NewException"),
            (
                "ServiceError: ECR refused the request without a message (DescribeImages: NewException, "
                "HTTP 400, request id …)"
            ),
        ),
        (Fault.html(), "ServerError: Bad Gateway (DescribeImages: 502, HTTP 502)"),
        (
            Fault.html(status=200),
            (
                "MalformedResponseError: the answer is not JSON, or was cut short: 85 bytes that begin with "
                "'<html><head><title>Bad Gateway</title></head><body' (DescribeImages, request id …)"
            ),
        ),
        (
            Fault.edit(lambda answer: answer["imageDetails"][0].pop("imagePushedAt")),
            "MalformedResponseError: imageDetails[0].imagePushedAt: missing (DescribeImages, request id …)",
        ),
    ],
)
def test_a_traceback_ends_with_what_happened(ecr: FakeECR, fault: Fault, line: str) -> None:
    """One line: the name to catch it by, what happened, where, and what to do where that is known."""
    images = Client(ecr.client()).describe_images("team/app")
    ecr.inject_faults(fault)

    with pytest.raises(ecrimages.ECRImagesError) as caught:
        next(images)

    assert last_line(caught.value) == f"ecrimages.{line}\n"


def test_a_traceback_names_what_is_not_there(ecr: FakeECR) -> None:
    """The missing repository or image is told, with advice where a name may be wrong."""
    client = Client(ecr.client())

    with pytest.raises(ecrimages.ECRImagesError) as no_image:
        client.get_image("team/app", tag="v9")
    with pytest.raises(ecrimages.ECRImagesError) as no_repository:
        client.get_image("team/nope", tag="v9")

    assert last_line(no_image.value) == (
        "ecrimages.ImageNotFoundError: The image with imageId {imageDigest:'null', imageTag:'v9'} does not "
        "exist within the repository with name 'team/app' in the registry with id '123456789012' "
        "(DescribeImages: ImageNotFoundException, HTTP 400, request id …)\n"
    )
    assert last_line(no_repository.value) == (
        "ecrimages.RepositoryNotFoundError: The repository with name 'team/nope' does not exist in the "
        "registry with id '123456789012' (DescribeImages: RepositoryNotFoundException, HTTP 400, request id "
        "…). Check the repository's name, the region and registry_id\n"
    )


def test_a_traceback_tells_how_to_go_on(ecr: FakeECR) -> None:
    """A repeated token ends no listing: the error says what to do with the iterator."""
    ecr.add_image("team/app")
    images = Client(ecr.client()).describe_images("team/app", page_size=1)
    ecr.inject_faults(None, Fault.repeated_token())

    with pytest.raises(ecrimages.ECRImagesError) as caught:
        list(images)

    assert last_line(caught.value) == (
        "ecrimages.RepeatedTokenError: ECR sent a nextToken that was used already; its images would come "
        "twice. Ask the iterator for its next image to request the page again "
        "(DescribeImages, request id …)\n"
    )


def last_line(error: BaseException) -> str:
    """Return what a traceback ends with, but for the id that each request has anew."""
    return re.sub("request id [0-9a-f-]+", "request id …", "".join(format_exception_only(error)))
