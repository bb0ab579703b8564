"""Inventories of other projects' documentation, from text files kept here: a build needs no network."""

from __future__ import annotations

import zlib
from pathlib import Path

__all__ = ["local_inventories"]

# https://sphobjinv.readthedocs.io/en/stable/syntax.html describes the format.
_HEAD = """\
# Sphinx inventory version 2
# Project: {project}
# Version:
# The remainder of this file is compressed using zlib.
"""


def local_inventories(texts: Path, built: Path) -> dict[str, tuple[str, str]]:
    """Turn each text file into the inventory that `sphinx.ext.intersphinx` reads.

    Args:
        texts: A folder of files `PROJECT.txt`: the site's URL on the first line, then a name, a role and a
            page on each line, where `$` at the end of a page stands for the name.
        built: The folder to write the inventories to.

    Returns:
        What `intersphinx_mapping` wants.
    """
    built.mkdir(parents=True, exist_ok=True)
    mapping = {}
    for text in sorted(texts.glob("*.txt")):
        url, *entries = text.read_text("utf-8").splitlines()
        lines = []
        for entry in filter(None, entries):
            name, role, page = entry.split()
            lines.append(f"{name} {role} 1 {page} -\n")
        inventory = built / f"{text.stem}.inv"
        head = _HEAD.format(project=text.stem).encode()
        inventory.write_bytes(head + zlib.compress("".join(lines).encode()))
        mapping[text.stem] = (url, str(inventory))
    return mapping
