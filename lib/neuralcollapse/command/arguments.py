"""What the command is told."""

import argparse

import neuralcollapse

_KEYS = ("features", "labels", "weight", "bias")
_FORMATS = "npz, npy, safetensors or parquet; a folder of parquet files too"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"neuralcollapse: {message}; see {self.prog} --help\n")


def parse(arguments=None):
    """Read the arguments of the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process unless given.

    Returns
    -------
    argparse.Namespace
        `names` is a dictionary with the keys "features", "labels", "weight" and "bias", the last
        two None where not given.

    Raises
    ------
    SystemExit
        With 2 after one line, if they do not fit.

    Examples
    --------
    >>> parse(["measure", "features.npz", "--names", "labels=y"]).names["labels"]
    'y'
    """
    parser = _Parser(prog="neuralcollapse", description="Measure neural collapse.")
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {neuralcollapse.__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _add_measure(commands)
    options = parser.parse_args(arguments)
    options.names = {"features": "features", "labels": "labels", "weight": None, "bias": None} | (
        dict(options.names or ())
    )
    return options


def _add_measure(commands):
    measure = commands.add_parser(
        "measure",
        help="measure features in files",
        description="Measure how far features and classifier in files are from neural collapse. "
        "Files may be larger than memory; nothing in them is ever unpickled or run.",
        epilog="Exit codes: 0 done, 2 bad input, 130 interrupted, 143 terminated. Reports are "
        "written whole, at the end, or not at all.",
    )
    measure.add_argument(
        "features", help=f"inputs of the last linear layer, one row a sample ({_FORMATS})"
    )
    measure.add_argument(
        "--labels", metavar="FILE", help="class indices from 0; the file of the features by default"
    )
    measure.add_argument(
        "--weights",
        metavar="FILE",
        help="last linear layer, alone or in the state of its network (the same formats)",
    )
    measure.add_argument(
        "--names",
        metavar="KEY=NAME",
        nargs="+",
        action="extend",
        type=_name,
        help="what features, labels, weight and bias are called in their files, for instance "
        "labels=y weight=fc.weight; features=x* is a pattern of parquet columns; bias= means none",
    )
    measure.add_argument(
        "--weighting",
        choices=("class", "sample"),
        default="class",
        help="whether each class or each sample counts alike (default: class)",
    )
    measure.add_argument(
        "--center",
        action="store_true",
        help="remove the mean row of the classifier first, which softmax does not see",
    )
    measure.add_argument(
        "--cyclic",
        action="store_true",
        help="compare classifier and class means with a circle in the order of the labels",
    )
    measure.add_argument(
        "--code",
        action="store_true",
        help="compare class means and classifier with the best softmax code of their size",
    )
    measure.add_argument(
        "--json", metavar="FILE", help="write the numbers here; - for the terminal, without table"
    )
    measure.add_argument(
        "--html", metavar="FILE", help="write a report with figures here, one file, opens offline"
    )
    measure.add_argument(
        "--block-rows",
        metavar="N",
        type=_positive,
        help="samples in memory at once (default: as many as make 16 MiB)",
    )


def _name(text):
    key, found, name = text.partition("=")
    if not found or key not in _KEYS or (not name and key != "bias"):
        raise argparse.ArgumentTypeError(
            f"expected KEY=NAME with a key of {', '.join(_KEYS)}, got {text!r}"
        )
    return key, name


def _positive(text):
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)
