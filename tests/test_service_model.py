"""botocore's model of ECR grows with ECR: what fails here is something new that this library has to know.

The model may know less than the library: that of the lowest botocore that is supported is older.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st
from samples import digest, needs_image_status
from strategies import OUTPUT, SERVICE, details

from ecrimages import (
    Client,
    FindingSeverity,
    Image,
    ImageId,
    ImageStatus,
    ImageStatusFilter,
    ScanStatus,
    TagStatus,
)
from ecrimages.testing import FakeECR

INPUT: Any = SERVICE.operation_model("DescribeImages").input_shape


def structures_in(shape: Any) -> set[str]:
    """Return the names of the structures that a shape is made of."""
    match shape.type_name:
        case "structure":
            return {shape.name}.union(*map(structures_in, shape.members.values()))
        case "list":
            return structures_in(shape.member)
        case "map":
            return structures_in(shape.key) | structures_in(shape.value)
    return set()


def test_an_image_is_made_of_known_structures() -> None:
    """Each structure in a response has a record of its own."""
    assert structures_in(OUTPUT) == {
        "DescribeImagesResponse",
        "ImageDetail",
        "ImageScanStatus",
        "ImageScanFindingsSummary",
    }


@given(details())
def test_every_field_has_the_type_of_the_model(item: dict[str, Any]) -> None:
    """Whatever has the model's types can be read, and no field of it goes into `extra`."""
    image = Image.from_dict(item)

    for record in (image, image.scan_status, image.scan_findings_summary):
        assert record is None or record.extra == {}


@pytest.mark.parametrize(
    ("shape", "enumeration"),
    [
        ("TagStatus", TagStatus),
        ("ImageStatusFilter", ImageStatusFilter),
        ("ImageStatus", ImageStatus),
        ("ScanStatus", ScanStatus),
        ("FindingSeverity", FindingSeverity),
    ],
)
def test_every_value_of_an_enumeration_is_known(shape: str, enumeration: Any) -> None:
    """Each value of the model has a member."""
    values = set(SERVICE.shape_for(shape).enum) if shape in SERVICE.shape_names else set()

    assert values - {str(member) for member in enumeration} == set()


@needs_image_status
def test_every_parameter_can_be_sent(ecr: FakeECR) -> None:
    """Each parameter of the model, of a filter and of an id, is one that some call sends."""
    client = Client(ecr.client())
    ecr.add_image("team/app", tags=["v1"], registry_id="123456789012")
    arguments: Any = {"tag_status": "TAGGED", "image_status": "ANY", "registry_id": "123456789012"}
    for number in range(3):
        ecr.add_image("team/app", tags=[f"v{number}"])

    list(client.describe_images("team/app", page_size=2, **arguments))
    client.image_exists("team/app", ImageId(tag="v1", digest=digest(1)))

    sent: dict[str, Any] = {}
    for request in ecr.requests:
        sent |= request.parameters
    assert set(INPUT.members) - set(sent) == set()
    assert set(INPUT.members["filter"].members) - set(sent["filter"]) == set()
    assert set(SERVICE.shape_for("ImageIdentifier").members) - set(sent["imageIds"][0]) == set()
    assert set(INPUT.required_members) == {"repositoryName"}


def test_the_limits_of_a_request(client: Client) -> None:
    """Page size, name and tag are limited as in the model."""
    page, name = INPUT.members["maxResults"].metadata, INPUT.members["repositoryName"].metadata
    tag = SERVICE.shape_for("ImageTag").metadata

    client.describe_images("x" * name["min"], page_size=page["min"])
    client.describe_images("x" * name["max"], page_size=page["max"])
    ImageId(tag="x" * tag["max"])
    with pytest.raises(ValueError, match="page_size"):
        client.describe_images("ab", page_size=page["max"] + 1)
    with pytest.raises(ValueError, match="repository_name"):
        client.describe_images("x" * (name["max"] + 1))
    with pytest.raises(ValueError, match="tag"):
        ImageId(tag="x" * (tag["max"] + 1))


# Older models have none, or allow less.
NAME_PATTERN = INPUT.members["repositoryName"].metadata.get("pattern", "")


@pytest.mark.skipif(not NAME_PATTERN, reason="this botocore does not know the pattern")
@given(st.lists(st.sampled_from(["a", "z9", "0", "b-c", "d.e", "f_g", "h--i", "/", "."]), min_size=2).map("".join))
def test_the_pattern_of_a_repositorys_name(name: str) -> None:
    """Each name that ECR's pattern allows is taken."""
    assume(re.fullmatch(NAME_PATTERN, name))

    assert repr(name) in repr(Client().describe_images(name))
