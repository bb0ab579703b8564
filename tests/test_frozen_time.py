"""Time that a test has frozen: freezegun replaces `datetime` by a subclass, in modules that exist and later ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

FREEZING = """
import datetime, sys

standard = datetime.datetime


class Frozen(type):
    def __instancecheck__(cls, value):
        return isinstance(value, standard)


class FakeDatetime(standard, metaclass=Frozen):
    pass


def replace(old, new):
    datetime.datetime = new
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "ecrimages":
            vars(module).update({key: new for key, value in vars(module).items() if value is old})
"""
CHECK = """
def check():
    from ecrimages import Client, Image
    from ecrimages.testing import FakeECR, Fault

    with FakeECR() as ecr:
        image = ecr.add_image("team/app", findings={"LOW": 1})
        observed = ecr.client()
        observed.meta.events.register("after-call.ecr", lambda **_: None)
        newer = Fault.edit(lambda page: page["imageDetails"][0].update(newer=1))
        ecr.inject_faults(None, None, newer)

        for client in (ecr.client(), observed, ecr.client()):
            [listed] = Client(client).describe_images("team/app")
            assert listed == image, listed
            assert type(listed.pushed_at) is standard, type(listed.pushed_at)

    text = {**image.to_dict(wire=True), "imagePushedAt": image.pushed_at.isoformat()}
    assert Image.from_dict(text) == image
"""


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", id="before the import"),
        pytest.param("import ecrimages", id="before the first call"),
        pytest.param("import ecrimages._transport", id="before the first response"),
        pytest.param("check()", id="later"),
    ],
)
def test_a_frozen_time_changes_no_image(before: str) -> None:
    """Whenever it is frozen, images are read as ever, and also when it is not frozen any more."""
    steps = [FREEZING, CHECK, before, "replace(standard, FakeDatetime)", "check()"]
    program = "\n".join([*steps, "replace(FakeDatetime, standard)", "check()"])

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )

    assert run.returncode == 0, run.stderr
