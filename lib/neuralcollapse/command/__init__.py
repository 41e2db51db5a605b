"""Floor 8: the command ``neuralcollapse``, which measures features that lie in files.

It exits with 0 when the report is whole, with 2 after one line on what is wrong with the input,
and with 130, 143 or 129 when it was interrupted, terminated or hung up.
"""

from neuralcollapse.command.main import main

__all__ = ["main"]
