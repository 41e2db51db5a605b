"""Files that are written whole, at the end, or not at all."""

import os
import stat
import tempfile
from pathlib import Path


class WholeFiles:
    """Files promised at the start and written together at the end.

    A promise makes a temporary file beside the place, so that a folder that cannot be written is
    found before the work and not after it. Leaving the context without `write` leaves what stood
    there before.
    """

    def __init__(self):
        self._promised = {}

    def promise(self, option, name, inputs=()):
        """Make sure that a file can be written.

        Parameters
        ----------
        option : str
            How errors call it.
        name : str
        inputs : sequence of str
            Files and folders that are read, which it must not replace or add to.

        Raises
        ------
        ValueError
            If the folder is missing or cannot be written, or another kind of thing, a file
            promised already, or an input stands there.
        """
        if name == "-" or name.endswith(("/", os.sep)):
            raise ValueError(f"{option}: expected the name of a file, got {name!r}; name one")
        place = Path(os.path.realpath(name))
        if any(Path(os.path.realpath(read)) in (place, *place.parents) for read in inputs):
            raise ValueError(f"{option}: {name} is an input, or lies in one; name another file")
        if any(place == other for other, _ in self._promised.values()):
            raise ValueError(f"{option}: {name} is written already; name another file")
        try:
            if place.exists():
                if not stat.S_ISREG(place.stat().st_mode):
                    raise ValueError(f"{option}: {name} is no regular file; name another one")
                if not os.access(place, os.W_OK):
                    raise PermissionError(13, "it is write-protected")
            handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".writing-")
            os.close(handle)
        except OSError as error:
            raise ValueError(
                f"{option}: cannot write {name}: {error.strerror}; name another file"
            ) from error
        self._promised[option] = place, Path(temporary)

    def write(self, texts):
        """Write what was promised; all of it is on the disk before any of it is in its place.

        Parameters
        ----------
        texts : dict of str to str
            By option, one for each promise.

        Raises
        ------
        ValueError
            If the disk is full.
        """
        umask = os.umask(0)
        os.umask(umask)
        for option, (place, temporary) in self._promised.items():
            try:
                with temporary.open("w", encoding="utf-8") as file:
                    file.write(texts[option])
                    file.flush()
                    os.fsync(file.fileno())
                temporary.chmod(place.stat().st_mode if place.exists() else 0o666 & ~umask)
            except OSError as error:
                raise ValueError(
                    f"{option}: cannot write {place}: {error.strerror}; name another file"
                ) from error
        for place, temporary in self._promised.values():
            os.replace(temporary, place)
        self._promised = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for _, temporary in self._promised.values():
            temporary.unlink(missing_ok=True)
