"""How the documentation is built: no network, warnings are errors, pages made from the source."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT)]

import api_pages
import border_tables
import document_pages
import hazard_matrix
import object_matrix

api_pages.write_pages()
border_tables.write_page()
document_pages.write_page()
hazard_matrix.write_page()
object_matrix.write_page()

META = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
project = META["name"]
author = META["authors"][0]["name"]
copyright = f"{author}, Apache-2.0"  # noqa: A001 - the name that Sphinx reads
version = release = META["version"]

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon", "myst_parser"]
exclude_patterns = ["_build", "examples", "gallery/**/*.ipynb", "gallery/*.py.md5"]
suppress_warnings = [
    "ref.python",  # a class name that two packages share, in a docstring, stays plain text
    "config.cache",  # the gallery's settings hold functions, which cannot be stored
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
napoleon_google_docstring = False  # the docstrings are numpydoc
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say types with shapes, units and frames

html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False

GALLERY = DOCS / "examples"
if list(GALLERY.glob("plot_*.py")):
    os.environ.setdefault("MPLBACKEND", "Agg")
    if sys.platform == "linux":
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    import pyvista

    pyvista.OFF_SCREEN = True
    pyvista.BUILDING_GALLERY = True
    extensions += ["sphinx_gallery.gen_gallery"]
    sphinx_gallery_conf = {
        "examples_dirs": "examples",
        "gallery_dirs": "gallery",
        "filename_pattern": r"plot_.*\.py$",
        "image_scrapers": ("matplotlib", "pyvista"),
        "abort_on_example_error": True,
        "download_all_examples": False,
        "show_memory": False,
        "min_reported_time": 1,
        "remove_config_comments": True,
    }
