from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from botocore.config import Config

from ecrimages import Client, ECRImagesError
from ecrimages.testing import FakeECR, Fault

LOGGER = logging.getLogger("ecrimages")


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Give an ECR with a repository of two pages."""
    with FakeECR() as ecr:
        for number in range(3):
            ecr.add_image("team/app", tags=[f"v{number}"])
        yield ecr


def test_each_page_is_logged(ecr: FakeECR, caplog: pytest.LogCaptureFixture) -> None:
    """A page makes one record at DEBUG: repository, number of images, request id, whether a token came."""
    caplog.set_level(logging.DEBUG, "ecrimages")
    listing = Client(ecr.client()).describe_images("team/app", page_size=2)

    pages = list(listing.pages())

    records = [record for record in caplog.records if record.name == "ecrimages"]
    assert [record.getMessage() for record in records] == [
        f"DescribeImages of team/app: 2 images, request id {pages[0].request_id}, more pages follow",
        f"DescribeImages of team/app: 1 images, request id {pages[1].request_id}, the last page",
    ]
    assert {record.levelno for record in records} == {logging.DEBUG}


def test_nothing_is_above_debug(ecr: FakeECR, caplog: pytest.LogCaptureFixture) -> None:
    """Neither pages nor faults are logged at INFO or higher: an error is for the caller to report."""
    caplog.set_level(logging.INFO, "ecrimages")
    ecr.inject_faults(None, Fault.html(status=200), Fault.throttling())
    listing = Client(ecr.client()).describe_images("team/app", page_size=2)

    for _ in range(2):
        with pytest.raises(ECRImagesError):
            list(listing)
    list(listing)

    assert [record for record in caplog.records if record.name == "ecrimages"] == []


def test_the_logger_is_the_applications_to_configure() -> None:
    """The library puts nothing on its logger but a NullHandler, and sets no level."""
    handlers = [handler for handler in LOGGER.handlers if type(handler).__module__ == "logging"]

    assert [type(handler) for handler in handlers] == [logging.NullHandler]
    assert LOGGER.level == logging.NOTSET
    assert LOGGER.propagate is True


def test_nothing_is_printed(
    ecr: FakeECR, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], delays: list[float]
) -> None:
    """A program that has not configured logging prints nothing, whatever happens."""
    ecr.inject_faults(Fault.truncated(), None, Fault.html(), Fault.throttling())
    client = Client(ecr.client(Config(retries={"total_max_attempts": 2})))

    with monkeypatch.context() as patch:
        # pytest's own handlers.
        patch.setattr(logging.getLogger(), "handlers", [])
        list(client.describe_images("team/app"))
        with pytest.raises(ECRImagesError):
            list(client.describe_images("team/app"))

    assert len(delays) == 2
    assert capfd.readouterr() == ("", "")
