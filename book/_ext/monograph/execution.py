"""Key the notebook cache by everything a page's outputs depend on besides its own cells.

Jupyter Book re-executes a page when its code cells change. It does not see the library the cells
call, so the cache lives in a folder named by a hash of the library's sources and of the versions
of Python and the numerical packages.
"""

import hashlib
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("matplotlib", "numpy", "scikit-learn", "scipy", "sympy", "torch")
_KEPT = 3  # caches of earlier states that are kept, so that going back and forth is quick


def library_key(library):
    """Return a hash of the library's sources and of what they run on.

    Parameters
    ----------
    library : Path
        Source root; every file below it counts, except byte code and package metadata.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    digest = hashlib.sha256(platform.python_version().encode())
    for package in PACKAGES:
        try:
            digest.update(f"{package}=={version(package)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{package} missing\n".encode())
    for path in sorted(library.rglob("*")):
        relative = path.relative_to(library)
        ours = not any(p == "__pycache__" or p.endswith(".egg-info") for p in relative.parts)
        if path.is_file() and ours:
            digest.update(str(relative).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def use_keyed_cache(app):
    """Point the notebook cache at the folder of the present library, and drop old ones."""
    root = Path(app.outdir).parent / ".jupyter_cache"
    folder = root / library_key(Path(app.srcdir) / app.config.monograph_library)
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()
    app.config.nb_execution_cache_path = str(folder)
    states = sorted(
        (path for path in root.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    for stale in states[:-_KEPT]:
        shutil.rmtree(stale, ignore_errors=True)


def setup(app):
    """Set the cache before MyST-NB reads its configuration."""
    app.connect("builder-inited", use_keyed_cache, priority=100)
