"""Sphinx configuration: `python -m nox -s docs` builds the site, without the network."""

from __future__ import annotations

import os
import pkgutil
import re
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import ecrimages
import ecrimages.testing

project = "ecrimages"
author = "The ecrimages developers"
project_copyright = author
version = release = ecrimages.__version__
description = "Typed images and importable errors for Amazon ECR's DescribeImages, on top of boto3."

extensions = [
    "myst_parser",
    "notfound.extension",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxext.opengraph",
]
exclude_patterns = ["_build"]
nitpicky = True
# Docstrings put names and code between single backticks: what is not a name of this project stays code. Types of
# other projects in signatures have no page here.
default_role = "py:obj"
nitpick_ignore_regex = [("py:obj", ".*"), ("py:.*", r"(?!ecrimages\b).*")]
show_warning_types = True

highlight_language = "python"
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
toc_object_entries_show_parents = "hide"

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

pygments_dark_style = "github-dark"
html_theme = "furo"
html_title = f"ecrimages {version}"
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

ogp_site_name = "ecrimages"
ogp_site_url = html_baseurl
ogp_image = "_static/card.png"
ogp_image_alt = description
ogp_enable_meta_description = True
ogp_social_cards = {"enable": False}
notfound_urls_prefix = urlsplit(html_baseurl).path or "/"

_AWS_PAGE = r"(https://docs\.aws\.amazon\.com/\S+/(?:API_)?(\w+)\.html)"


def find_docstrings(app: Sphinx) -> None:
    """Have Sphinx find the docstrings of fields in a package's private modules.

    `__module__` of a public class is the package, and that is where Sphinx looks.
    """
    for package in (ecrimages, ecrimages.testing):
        public = ModuleAnalyzer.for_module(package.__name__)
        public.analyze()
        for name in package.__all__:
            getattr(package, name)  # Some are imported on first use.
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            private = ModuleAnalyzer.for_module(module.name)
            private.analyze()
            public.attr_docs |= private.attr_docs
            public.overloads |= private.overloads
            public.tagorder |= private.tagorder


def name_links(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Show the URLs of AWS's API reference by the names of their pages, and do not guess whose `.method()` is meant."""
    text = re.sub(rf"`\w+`\s+\({_AWS_PAGE}\)", r"`\2 <\1>`__", "\n".join(lines))
    text = re.sub(rf"(?<!<){_AWS_PAGE}", r"`\2 <\1>`__", text)
    lines[:] = re.sub(r"`(\.\w+\(\))`", r"``\1``", text).split("\n")


def keep_first_line(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking the text before a colon in a field's docstring for the field's type."""
    if what in {"attribute", "property"}:
        lines[:0] = ["..", ""]  # An empty comment.


def setup(app: Sphinx) -> None:
    """Connect the handlers above."""
    app.connect("builder-inited", find_docstrings)
    app.connect("autodoc-process-docstring", keep_first_line, priority=400)
    app.connect("autodoc-process-docstring", name_links, priority=400)
