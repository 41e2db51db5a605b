"""``python -m neuralcollapse`` is the command ``neuralcollapse``."""

import sys

from neuralcollapse.command import main

if __name__ == "__main__":
    sys.exit(main())
