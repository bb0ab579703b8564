"""The names under which people know what the private modules define, on the site as in the package.

Classes say that they are of `ecrimages`, though a private module has their source. Sphinx looks for the
docstrings of their fields, and for their source, where the classes say.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import attrs
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms import SphinxTransform

import ecrimages
import ecrimages.testing

PACKAGES: tuple[ModuleType, ...] = (ecrimages, ecrimages.testing)
# What the texts call by its last name only.
FOREIGN = {
    "BotoCoreError": "botocore.exceptions.BotoCoreError",
    "ClientError": "botocore.exceptions.ClientError",
    "attrs.asdict()": "attrs.asdict",
    "attrs.evolve()": "attrs.evolve",
}


def analyzed(module: str) -> ModuleAnalyzer:
    """Return what Sphinx reads from the source of a module."""
    analyzer = ModuleAnalyzer.for_module(module)
    analyzer.analyze()
    return analyzer


def private_modules(package: ModuleType) -> list[str]:
    """Return the names of the private modules of a package."""
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return [module.name for module in found if not module.ispkg]


def merge_sources(app: Sphinx) -> None:
    """Have Sphinx find in a package what its private modules say."""
    for package in PACKAGES:
        public = analyzed(package.__name__)
        for name in private_modules(package):
            private = analyzed(name)
            public.attr_docs |= private.attr_docs
            public.overloads |= private.overloads
            public.tagorder |= private.tagorder
    # The functions of the module are methods of one object.
    client = analyzed("ecrimages._client")
    for name, overloads in list(client.overloads.items()):
        without_self = [item.replace(parameters=[*item.parameters.values()][1:]) for item in overloads]
        client.overloads[name.removeprefix("Client.")] = without_self
    for name in ecrimages.__all__:
        if f"Client.{name}" in client.tags:
            client.tags[name] = client.tags[f"Client.{name}"]


def source_module(app: Sphinx, modname: str, attribute: str) -> str | None:
    """Tell `sphinx.ext.viewcode` which private module has the source of a public name."""
    for package in PACKAGES:
        if package.__name__ == modname:
            for name in private_modules(package):
                if attribute in analyzed(name).tags:
                    return name
    return None


ATTRIBUTES = {"attribute", "property"}
_aside: dict[str, list[str]] = {}


def set_aside(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Hide the docstring of an attribute from napoleon, which takes text before a colon for a type."""
    if what in ATTRIBUTES:
        _aside[name] = lines[:]
        lines.clear()


def put_back(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put the docstring of an attribute back after napoleon has been there."""
    if what in ATTRIBUTES:
        lines[:] = _aside.pop(name)


def record_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Show the fields of a record as its arguments, with the types that they have afterwards."""
    if what != "class" or not attrs.has(obj) or signature == "()":
        return None
    arguments = ["*"]
    for field in attrs.fields(obj):
        default = "" if field.default is attrs.NOTHING else f" = {_plain(field.default)!r}"
        arguments.append(f"{field.name}: {field.type}{default}")
    return f"({', '.join(arguments)})", returns


def _plain(default: object) -> object:
    return dict(default) if isinstance(default, Mapping) else default


def documented_once(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Leave of a method's docstring the summary, where a function of the module has the same."""
    owner, _, method = name.rpartition(".")
    if owner == "ecrimages.Client" and method in ecrimages.__all__:
        lines[:] = [lines[0], "", f"Arguments, result and errors are those of :func:`ecrimages.{method}`."]


def linkable() -> dict[str, str]:
    """Return what the texts call public things by, and their full names.

    Functions need their parentheses, as boto3 has a `describe_images` too.
    """
    targets = dict(FOREIGN)
    for package in PACKAGES:
        for name in package.__all__:
            value = getattr(package, name)
            full = f"{package.__name__}.{name}"
            targets |= {full: full, f"{full}()": full, f"{name}()": full}
            if inspect.isclass(value):
                targets[name] = full
                for member in dir(value):
                    if not member.startswith("_"):
                        targets |= {
                            f"{name}.{member}": f"{full}.{member}",
                            f"{name}.{member}()": f"{full}.{member}",
                        }
    return targets


class LinkPublicNames(SphinxTransform):
    """Makes each public name that stands as code in a text a link to the reference."""

    default_priority = 400
    targets = linkable()

    def apply(self, **kwargs: Any) -> None:
        """Link the names of one document."""
        for literal in list(self.document.findall(nodes.literal)):
            target = self.targets.get(literal.astext())
            parents = [literal.parent, literal.parent.parent]
            if target and not any(
                isinstance(node, (nodes.reference, nodes.title, addnodes.pending_xref)) for node in parents
            ):
                link = addnodes.pending_xref(
                    "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True, refwarn=True
                )
                link["refdoc"] = self.env.current_document.docname
                literal.replace_self(link)
                link += literal


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is above."""
    app.connect("builder-inited", merge_sources)
    # sphinx.ext.napoleon comes in between, with 500.
    app.connect("autodoc-process-docstring", set_aside, priority=400)
    app.connect("autodoc-process-docstring", documented_once, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
    app.connect("autodoc-process-signature", record_signature)
    app.connect("viewcode-follow-imported", source_module)
    app.add_transform(LinkPublicNames)
    return {"parallel_read_safe": True}
