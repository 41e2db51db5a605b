"""The book's own Sphinx extension: what Jupyter Book does not do for a book that is tested.

`pages` knows what a page and its reference are and compares outputs; `execution` keys the cache
by the library; `markup` mends theorems and gives figures their alt text and their data; `site`
copies MathJax and checks what was built.
"""

from monograph import execution, markup, site


def setup(app):
    """Register the extension with Sphinx."""
    app.add_config_value("monograph_ledger", "neuralcollapse.claims:LEDGER", "env", [str])
    app.add_config_value("monograph_references", "tests/reference", "env", [str])
    app.add_config_value("monograph_library", "lib", "env", [str])
    for module in (execution, markup, site):
        module.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
