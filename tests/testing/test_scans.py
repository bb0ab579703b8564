from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from samples import digest

from ecrimages import ImageScanFindingsSummary, ImageScanStatus, SeverityCounts
from ecrimages.testing import FakeECR
from testing.expected import ABSENT, error, listed

SCANNED = datetime(2026, 1, 12, tzinfo=UTC)
COUNTS = {"CRITICAL": 2, "LOW": 3}
V1 = {"repositoryName": "team/app", "imageId": {"imageTag": "v1"}}


@pytest.mark.parametrize("argument", ["findings", "basic_scan_findings"])
def test_findings_agree_with_the_counts(ecr: FakeECR, client: Any, argument: str) -> None:
    """There are as many findings as the counts have, each with its own name."""
    arguments: dict[str, Any] = {argument: COUNTS}
    ecr.add_image("team/app", tags=["v1"], digest=digest(1), pushed_at=SCANNED, **arguments)

    response = client.describe_image_scan_findings(**V1)

    findings = response["imageScanFindings"].pop("findings")
    assert response["imageId"] == {"imageTag": "v1", "imageDigest": digest(1)}
    assert response["imageScanStatus"]["status"] == "COMPLETE"
    assert response["imageScanFindings"] == {
        "imageScanCompletedAt": SCANNED,
        "vulnerabilitySourceUpdatedAt": SCANNED,
        "findingSeverityCounts": COUNTS,
    }
    assert Counter(finding["severity"] for finding in findings) == COUNTS
    assert len({finding["name"] for finding in findings}) == 5


def test_describe_images_does_not_report_a_basic_scan(ecr: FakeECR, client: Any) -> None:
    """An image of AWS-native basic scanning has neither of the two scan fields, with another tag too."""
    ecr.add_image("team/app", tags=["v1"], digest=digest(1), basic_scan_findings=COUNTS)
    ecr.tag_image("team/app", "v2", digest(1))

    [detail] = listed(client)

    assert not {"imageScanStatus", "imageScanFindingsSummary"} & detail.keys()
    found = client.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v2"})
    assert len(found["imageScanFindings"]["findings"]) == 5


@pytest.mark.parametrize("page_size", [1, 2, 5, 6])
def test_findings_in_pages(ecr: FakeECR, client: Any, page_size: int) -> None:
    """boto3's paginator finds each finding once."""
    ecr.add_image("team/app", tags=["v1"], findings=COUNTS)

    paginator = client.get_paginator("describe_image_scan_findings")
    pages = list(paginator.paginate(**V1, PaginationConfig={"PageSize": page_size}))

    findings = [finding for page in pages for finding in page["imageScanFindings"]["findings"]]
    assert len({finding["name"] for finding in findings}) == len(findings) == 5
    assert len(pages) == -(-5 // page_size)


def test_enhanced_findings(ecr: FakeECR, client: Any) -> None:
    """With the status of enhanced scanning, the findings have the shape of Amazon Inspector's."""
    ecr.add_image(
        "team/app",
        tags=["v1"],
        scan_status=ImageScanStatus(status="ACTIVE"),
        scan_findings_summary=ImageScanFindingsSummary(severity_counts=SeverityCounts(COUNTS)),
    )

    findings = client.describe_image_scan_findings(**V1)["imageScanFindings"]

    assert "findings" not in findings
    assert Counter(finding["severity"] for finding in findings["enhancedFindings"]) == COUNTS
    assert findings["enhancedFindings"][0]["packageVulnerabilityDetails"]["vulnerabilityId"]


def test_a_scan_without_findings(ecr: FakeECR, client: Any) -> None:
    """A scan that is in progress has a status only; a summary alone counts as complete."""
    ecr.add_image("team/app", tags=["v1"], scan_status=ImageScanStatus(status="IN_PROGRESS"))
    ecr.add_image("team/app", tags=["v2"], scan_findings_summary=ImageScanFindingsSummary())

    running = client.describe_image_scan_findings(**V1)
    complete = client.describe_image_scan_findings(**{**V1, "imageId": {"imageTag": "v2"}})

    assert running["imageScanStatus"] == {"status": "IN_PROGRESS"}
    assert "imageScanFindings" not in running
    assert complete["imageScanStatus"] == {"status": "COMPLETE"}
    assert complete["imageScanFindings"] == {"findingSeverityCounts": {}, "findings": []}


def test_an_image_that_was_not_scanned(ecr: FakeECR, client: Any) -> None:
    """The error has ECR's text, and differs from that for a missing image."""
    ecr.add_image("team/app", tags=["v1"])

    not_scanned = error(client.describe_image_scan_findings, **V1)
    missing = error(client.describe_image_scan_findings, **{**V1, "imageId": {"imageDigest": ABSENT}})

    text = (
        "Image scan does not exist for the image with '{imageDigest:'null', imageTag:'v1'}' in the "
        "repository with name 'team/app' in the registry with id '123456789012'"
    )
    assert not_scanned == ("ScanNotFoundException", text, 400)
    assert missing[0] == "ImageNotFoundException"
