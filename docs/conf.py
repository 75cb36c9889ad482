"""Configuration of the documentation for Sphinx: `make docs` builds it, and so does rosdoc2."""

import sys
from pathlib import Path
from xml.etree import ElementTree

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]

project = "emg_recognition"
author = "emg_recognition maintainers"
copyright = author
release = ElementTree.parse(ROOT / "package.xml").findtext("version")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "generated_pages",
    "state_diagram",
]
exclude_patterns = ["_build", "_ext"]

# The Markdown that GitHub shows too: no colon fences, links to headings as GitHub makes them.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

# Every reference into this package must resolve. Other libraries' pages cannot be reached offline.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!emg_recognition).*")]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give the types in words
autodoc_mock_imports = ["rclpy"]
napoleon_google_docstring = False
napoleon_use_rtype = False

# Copy commands without their prompt, and not what they print.
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

# furo: fonts, styles and scripts come with the theme, so that the pages work offline.
html_theme = "furo"
html_title = f"emg_recognition {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app):
    """Show the hexadecimal dumps, which have comments after `#`, like a shell script."""
    from pygments.lexers.shell import BashLexer

    app.add_lexer("hex", BashLexer)
