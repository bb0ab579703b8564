"""How the documentation is built: `python -m nox -s docs`, without the network."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import ecrimages

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

from inventories import local_inventories  # noqa: E402

project = "ecrimages"
author = "The ecrimages developers"
project_copyright = author
version = release = ecrimages.__version__
pythons = re.findall(r"Python :: (3\.\d+)", (HERE.parent / "pyproject.toml").read_text("utf-8"))

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "public_names",
]
exclude_patterns = ["_build"]
nitpicky = True
show_warning_types = True

# Docstrings put code between single backticks.
default_role = "literal"
highlight_language = "python"
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
toc_object_entries_show_parents = "hide"

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False

intersphinx_mapping = local_inventories(HERE / "inventories", HERE / "_build" / "inventories")
intersphinx_disabled_reftypes = ["std:*"]

myst_enable_extensions = ["attrs_block", "deflist", "substitution"]
myst_substitutions = {"oldest_python": pythons[0]}
myst_heading_anchors = 3
myst_links_external_new_tab = False

copybutton_exclude = ".linenos, .gp, .go"

pygments_dark_style = "github-dark"
html_theme = "furo"
html_title = "ecrimages"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
