"""Configuration of the documentation for Sphinx: `make docs` builds it, and so does rosdoc2."""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / "_ext"))
# rosdoc2 builds a copy of this folder elsewhere; the package is then the one in its environment.
if (DOCS.parent / "package.xml").exists():
    sys.path.insert(0, str(DOCS.parent))

import emg_recognition  # noqa: E402

project = "emg_recognition"
author = "emg_recognition maintainers"
copyright = author
release = emg_recognition.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "generated_pages",
    "state_diagram",
]
# rosdoc2 adds pages of its own, one for each module; the public interface is in reference/python.md.
exclude_patterns = ["_build", "_ext", "*.rst", "interfaces/*", "standard_docs/*"]

smartquotes = False  # or the options in texts, such as --data, become dashes

# The Markdown that GitHub shows too: links to headings are made as GitHub makes them.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

# Every reference to a public name must resolve. Other modules have no page, and the pages of other
# libraries cannot be reached offline.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!emg_recognition\.\w+$).*")]

autodoc_member_order = "bysource"
autodoc_mock_imports = ["keras", "tensorflow"]  # the results of training are described without it
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the docstrings give the types in words
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
rosdoc2_settings = {"override_theme": False}


def setup(app):
    """Show the hexadecimal dumps, which have comments after `#`, like a shell script."""
    from pygments.lexers.shell import BashLexer

    app.add_lexer("hex", BashLexer)
