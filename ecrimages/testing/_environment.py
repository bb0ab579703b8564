"""Clients and environments that reach a `FakeECR` whatever the machine's own AWS settings are."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_ecr import ECRClient

__all__ = ["activated", "environment", "make_client"]

# Signatures are not verified: the credentials only have to exist.
_CREDENTIAL = "testing"
# Settings that no value neutralises, and secrets that have no use here.
_UNSET = (
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DATA_PATH",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULTS_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_PROFILE",
    "AWS_RETRY_MODE",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "REQUESTS_CA_BUNDLE",
)
_client_lock = threading.Lock()


def environment(endpoint_url: str, region_name: str) -> dict[str, str]:
    """Return the variables of `FakeECR.environment()`."""
    no_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    no_proxy = f"{no_proxy},127.0.0.1" if no_proxy else "127.0.0.1"
    return {
        "AWS_ENDPOINT_URL_ECR": endpoint_url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_USE_FIPS_ENDPOINT": "false",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_DEFAULT_REGION": region_name,
        "AWS_REGION": region_name,
        "AWS_ACCESS_KEY_ID": _CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": _CREDENTIAL,
        "AWS_SECURITY_TOKEN": "",
        "AWS_SESSION_TOKEN": "",
        "AWS_CREDENTIAL_EXPIRATION": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        # botocore refuses an empty profile name, so there has to be a profile.
        "AWS_CONFIG_FILE": str(Path(__file__).with_name("aws_config")),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PROFILE": "default",
        # Where it is set, it takes precedence over AWS_PROFILE.
        **({"AWS_DEFAULT_PROFILE": "default"} if "AWS_DEFAULT_PROFILE" in os.environ else {}),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


@contextmanager
def activated(endpoint_url: str, region_name: str) -> Iterator[None]:
    """Change the environment and boto3's default session, and restore them at the end."""
    import boto3

    variables = environment(endpoint_url, region_name)
    saved = {name: os.environ.get(name) for name in (*variables, *_UNSET)}
    session = boto3.DEFAULT_SESSION
    try:
        os.environ.update(variables)
        for name in _UNSET:
            os.environ.pop(name, None)
        boto3.DEFAULT_SESSION = None
        yield
    finally:
        boto3.DEFAULT_SESSION = session
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def make_client(endpoint_url: str, region_name: str, config: Config | None, has_ended: Callable[[], bool]) -> ECRClient:
    """Return a client that depends on no environment variable and on no file of the user's.

    Args:
        endpoint_url: Where the fake listens.
        region_name: The region of the client.
        config: Settings of the client. None for the default.
        has_ended: Whether the fake has ended, for the error message.
    """
    from botocore.config import Config
    from botocore.exceptions import EndpointConnectionError

    if config is not None and not isinstance(config, Config):
        raise TypeError(f"config must be a botocore.config.Config, such as Config(read_timeout=5), not {config!r}")

    def check(**_: object) -> None:
        if has_ended():
            where = f"{endpoint_url} (this FakeECR has ended: use its client within its with statement)"
            raise EndpointConnectionError(endpoint_url=where)

    # One attempt, so that an injected fault reaches the caller at once. In the standard mode botocore would
    # add "(reached max retries: 0)" to every error message, in the legacy mode only to those that it retries.
    settings = Config(
        retries={"mode": "legacy", "total_max_attempts": 1},
        proxies={},
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
    )
    # boto3 supports creating sessions and clients in one thread at a time only.
    with _client_lock:
        client = _session().client(
            "ecr",
            region_name=region_name,
            endpoint_url=endpoint_url,
            config=settings if config is None else settings.merge(config),
        )
    client.meta.events.register("before-send.ecr", check)
    return client


@functools.cache
def _session() -> boto3.Session:
    # Cached: a new session reads the model of the service again, which takes ten times as long as everything
    # else that creating a client does.
    import boto3
    from botocore.session import Session

    variables: dict[str, Any] = {
        name: (None, None, default, convert) for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
    }
    for file in ("config_file", "credentials_file"):
        variables[file] = (None, None, os.devnull, None)
    session = Session(session_vars=variables)
    return boto3.Session(_CREDENTIAL, _CREDENTIAL, botocore_session=session)
