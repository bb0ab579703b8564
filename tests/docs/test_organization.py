"""The program of the guide to organizations, on a local Dask cluster of several processes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ecrimages.testing import FakeECR, Fault

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("distributed"), reason="distributed is not installed")

PROGRAM = Path(__file__).parents[2] / "docs" / "examples" / "organization.py"
GOOD, DENIED_ROLE, DENIED_REPOSITORY, LAST = ACCOUNTS = [f"{number}" * 12 for number in range(1, 5)]

CREDENTIALS = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>testing</AccessKeyId><SecretAccessKey>testing</SecretAccessKey>
<SessionToken>token of {account_id}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>"""
DENIED = """\
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>no role in {account_id}</Message></Error></ErrorResponse>"""


class OrganizationHandler(BaseHTTPRequestHandler):
    """Lists the accounts, and returns credentials for all but one, as Organizations and STS do."""

    def do_POST(self) -> None:
        """Respond to ListAccounts and AssumeRole."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "X-Amz-Target" in self.headers:
            accounts = [{"Id": account_id, "Status": "ACTIVE"} for account_id in ACCOUNTS]
            self.respond(200, json.dumps({"Accounts": [*accounts, {"Id": "5" * 12, "Status": "SUSPENDED"}]}))
            return
        account_id = parse_qs(body)["RoleArn"][0].split(":")[4]
        is_denied = account_id == DENIED_ROLE
        self.respond(403 if is_denied else 200, (DENIED if is_denied else CREDENTIALS).format(account_id=account_id))

    def respond(self, status: int, body: str) -> None:
        """Send a response."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def organization() -> Iterator[str]:
    """Return the URL of the organization's services."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OrganizationHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_account_affects_another(organization: str) -> None:
    """Images and errors arrive whole, and each account is read with its own role."""
    with FakeECR() as ecr:
        images = {}
        for account_id in ACCOUNTS:
            image = ecr.add_image("team/app", findings={"CRITICAL": 1}, registry_id=account_id)
            images[account_id] = f"team/app@{image.digest}"
            ecr.add_image("team/base", registry_id=account_id)
        ecr.add_repository("team/denied", registry_id=DENIED_REPOSITORY)
        ecr.inject_faults(*[Fault.access_denied()] * 2, repository_name="team/denied")
        environment = {"AWS_ENDPOINT_URL_STS": organization, "AWS_ENDPOINT_URL_ORGANIZATIONS": organization}
        configuration = {
            "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
            "DASK_LOGGING__DISTRIBUTED": "error",
            "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "spawn",
        }

        run = subprocess.run(  # noqa: S603
            [sys.executable, str(PROGRAM)],
            env={**os.environ, **ecr.environment(), **environment, **configuration},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    for account_id in (GOOD, LAST):
        for region in ("us-east-1", "eu-west-1"):
            assert f"{account_id} {region}: {images[account_id]}" in lines
            assert f"{account_id} {region}: 1 images without reported findings" in lines
    [denied_role] = [line for line in lines if line.startswith(DENIED_ROLE)]
    assert "no role in" in denied_role
    denied = [line for line in lines if line.startswith(DENIED_REPOSITORY)]
    assert len(denied) == 2
    assert all("not authorized to perform: ecr:DescribeImages" in line for line in denied)
    assert len(lines) == 4 * 2 + 1 + 2
    for request in ecr.requests:
        assert request.headers["x-amz-security-token"] == f"token of {request.parameters['registryId']}"
