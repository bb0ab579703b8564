"""The operation DescribeImageScanFindings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice, repeat
from typing import Any

from ecrimages.testing._listings import image_not_found, image_text
from ecrimages.testing._registry import Registry
from ecrimages.testing._validation import ServiceError, page_size

__all__ = ["describe_image_scan_findings"]


def describe_image_scan_findings(registry: Registry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of findings, as many of each severity as the counts of the image have."""
    stored = registry.repository(parameters).find(parameters["imageId"])
    if stored is None:
        raise image_not_found(registry, parameters, parameters["imageId"])
    image = stored.scanned or stored.image
    fields = image.to_dict(wire=True)
    status, summary = fields.get("imageScanStatus"), fields.get("imageScanFindingsSummary")
    if status is None and summary is None:
        raise ServiceError(
            "ScanNotFoundException",
            f"Image scan does not exist for the image with '{image_text(parameters['imageId'])}' in the "
            f"repository with name '{image.repository_name}' in the registry with id '{image.registry_id}'",
        )
    response = {
        "registryId": image.registry_id,
        "repositoryName": image.repository_name,
        "imageId": {**parameters["imageId"], "imageDigest": image.digest},
        "imageScanStatus": status or {"status": "COMPLETE"},
    }
    if summary is None:
        return response
    counts = summary.get("findingSeverityCounts", {})
    start = registry.position("DescribeImageScanFindings", parameters, 0)
    end = start + page_size(parameters)
    severities = chain.from_iterable(repeat(severity, count) for severity, count in counts.items())
    # Enhanced scanning, whose status is ACTIVE, has findings of another shape.
    is_enhanced = status is not None and status.get("status") == "ACTIVE"
    name, finding = ("enhancedFindings", _enhanced) if is_enhanced else ("findings", _basic)
    findings = [finding(start + n, severity) for n, severity in enumerate(islice(severities, start, end))]
    response["imageScanFindings"] = {**summary, "findingSeverityCounts": counts, name: findings}
    if end < sum(counts.values()):
        response["nextToken"] = registry.new_token("DescribeImageScanFindings", parameters, end)
    return response


def _basic(number: int, severity: str) -> dict[str, Any]:
    name = _vulnerability(number)
    return {
        "name": name,
        "description": f"Vulnerability {name}",
        "uri": f"https://example.com/{name}",
        "severity": severity,
        "attributes": [
            {"key": "package_name", "value": "example"},
            {"key": "package_version", "value": "1.0"},
        ],
    }


def _enhanced(number: int, severity: str) -> dict[str, Any]:
    name = _vulnerability(number)
    return {
        "title": f"{name} - example",
        "description": f"Vulnerability {name}",
        "severity": severity,
        "status": "ACTIVE",
        "type": "PACKAGE_VULNERABILITY",
        "packageVulnerabilityDetails": {
            "vulnerabilityId": name,
            "vulnerablePackages": [{"name": "example", "version": "1.0"}],
        },
    }


def _vulnerability(number: int) -> str:
    return f"CVE-2026-{number + 1:05}"
