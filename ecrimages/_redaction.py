"""What may be shown of untrusted text: without secrets, short, and printable."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from reprlib import Repr
from typing import Any

__all__ = ["Secrets", "excerpt", "printable", "redacted", "removing"]

_REDACTED = "[redacted]"
_LONGEST_TEXT = 500
_LONGEST_EXCERPT = 200
# Test credentials such as "testing" stand in too many texts to be removed from all of them.
_SHORTEST_SECRET = 8


# Services and proxies may quote the request that they refused. The values that a call was sent with are removed
# by value; these patterns find what is left, by the names that stand before it. Between the name and the value
# stand quotes, colons, tags and escapes. Possessive quantifiers keep the time linear.
@functools.cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    # Compiled on first use: that takes longer than to import the rest of the package.
    return tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            (
                r"(?P<kept>(?:security[-_]token|session[-_]?token|secret[-_]?(?:access[-_]?)?key|client[-_]?secret|"
                r"(?:proxy[-_])?authorization['\"\s:=&;a-z]{1,16}?(?:basic|bearer))"
                r"(?:&#?\w{1,8};|%[0-9a-f]{2}|\\u[0-9a-f]{4}|</?\w{1,10}>|[^\w%&<+/]|[%&<\\]){1,40}+)(?!redacted\])[\w+/=.~%-]++"
            ),
            r"(?P<kept>\b(?:Credential|Signature)=)[^\s,;&'\"<]++",
            # user:password@, after a scheme or at the beginning of a word. An image reference is no password.
            r"(?P<kept>://|(?<![^\s'\"(<=,]))[^\s:/@'\"(<=,]{1,256}+:(?!//)[^\s@'\"]{1,256}+(?=@(?!sha256:))",
            r"(?P<kept>://)[^\s/@'\"]{1,256}+(?=@)",
        )
    )


class Secrets:
    """The secret values of one call, to be removed from every text that it leads to.

    Args:
        values: Secret keys, session tokens, signatures and passwords.
    """

    def __init__(self, values: Iterable[str]) -> None:
        import base64
        import html
        import json
        from urllib.parse import quote, quote_plus

        variants: set[str] = set()
        for value in map(str.strip, values):
            if len(value) >= _SHORTEST_SECRET:
                # A value from the environment may have lone surrogates.
                percent = quote(value, safe="", errors="surrogatepass")
                variants |= {
                    value,
                    html.escape(value),
                    json.dumps(value)[1:-1],
                    quote_plus(value, errors="surrogatepass"),
                    quote(value, errors="surrogatepass"),
                }
                lower = re.sub("%..", lambda found: found[0].lower(), percent)
                variants |= {percent, lower, value.replace("/", r"\/"), repr(value)[1:-1]}
                variants.add(base64.b64encode(value.encode("utf-8", "surrogatepass")).decode())
        longest_first = sorted(variants, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def removed_from(self, text: str) -> str:
        """Return the text without the values, in whatever encoding they stand there."""
        return self._pattern.sub(_REDACTED, text) if self._pattern else text


_no_secrets = functools.cache(lambda: Secrets(()))
_secrets_of_the_call: ContextVar[Callable[[], Secrets]] = ContextVar("secrets", default=_no_secrets)


@contextmanager
def removing(values: Iterable[str]) -> Iterator[None]:
    """Remove the secret values of a call from the excerpts that are made inside of the `with`."""
    # Made for the first excerpt, and once: most responses need none.
    token = _secrets_of_the_call.set(functools.cache(lambda: Secrets(values)))
    try:
        yield
    finally:
        _secrets_of_the_call.reset(token)


def redacted(value: Any, secrets: Secrets | None = None) -> Any:
    """Return data without secrets: those of the call, and what looks like one."""
    if secrets is None:
        secrets = _secrets_of_the_call.get()()
    if isinstance(value, str):
        value = secrets.removed_from(value)
        for pattern in _patterns():
            value = pattern.sub(rf"\g<kept>{_REDACTED}", value)
        return value
    if isinstance(value, bytes):
        return redacted(value.decode("latin-1"), secrets).encode("latin-1")
    if isinstance(value, Mapping):
        return {redacted(key, secrets): redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [redacted(item, secrets) for item in value]
        # A NamedTuple takes its items one by one, or has a constructor of its own.
        return tuple.__new__(type(value), items) if isinstance(value, tuple) else type(value)(items)
    return value if value is None or isinstance(value, (int, float, BaseException)) else _object(value, secrets)


def _object(value: object, secrets: Secrets) -> object:
    """Return an object, such as a URL, or its text without secrets if there are some in it."""
    # An object may have no text.
    with suppress(Exception):
        text = str(value)
        if (without := redacted(text, secrets)) != text:
            return without
    return value


def printable(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text on one line, with control characters escaped, cut to a length that people read."""
    # Cut before the work: a service may send megabytes.
    line = " ".join(text[: 4 * longest].split())
    line = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)
    return line if len(line) <= longest else f"{line[:longest]}..."


class _Excerpts(Repr):
    def repr_str(self, x: str, level: int) -> str:
        # A string that is cut first may have lost what a secret is recognised by, and kept some of the secret.
        return super().repr_str(redacted(x), level)

    def repr_int(self, x: int, level: int) -> str:
        # Python prints no int of more than 4,300 digits, or of the limit that is set, which is 640 at least.
        return super().repr_int(x, level) if x.bit_length() < 2000 else "a very long int"


_excerpts = _Excerpts()
_excerpts.maxstring = _excerpts.maxother = 60


def excerpt(value: object) -> str:
    """Return the repr of a part of a response, short enough for a message and without secrets."""
    return printable(str(redacted(_excerpts.repr(value))), _LONGEST_EXCERPT)
