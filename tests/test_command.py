"""The command: what it prints, writes and refuses, and what it leaves behind."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from html.parser import HTMLParser

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from numpy.lib.format import open_memmap

from neuralcollapse import CollapseReport, CyclicReport, measure, measure_cyclic
from neuralcollapse.codes import compare_with_best
from neuralcollapse.command import main
from neuralcollapse.command.main import _terminable
from neuralcollapse.geometry import regular_polygon

GENERATOR = np.random.default_rng(0)
LABELS = np.arange(210) % 7
FEATURES = regular_polygon(7)[LABELS] + 0.1 * GENERATOR.normal(size=(210, 2))
WEIGHT, BIAS = 2 * regular_polygon(7) + 0.1, GENERATOR.normal(size=7)
COMMAND = [sys.executable, "-m", "neuralcollapse", "measure"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with features.npz and head.npz, where the command runs."""
    monkeypatch.chdir(tmp_path)
    np.savez("features.npz", features=FEATURES, labels=LABELS)
    np.savez("head.npz", weight=WEIGHT, bias=BIAS)
    return tmp_path


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_table_is_that_of_measure(folder, capsys):
    assert main(["measure", "features.npz", "--weights", "head.npz"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{measure(FEATURES, LABELS, WEIGHT, BIAS)}\n"
    assert err == ""
    assert left(folder) == ["features.npz", "head.npz"]


def test_every_option_reaches_its_function(folder, capsys):
    np.savez("other.npz", x=FEATURES, W=WEIGHT, b=BIAS)
    np.save("y.npy", LABELS)
    arguments = "measure other.npz --labels y.npy --weights other.npz --weighting sample --center"
    names = ["--names", "features=x", "weight=W", "--names", "bias=b"]
    more = ["--cyclic", "--code", "--block-rows", "50", "--json", "-"]
    assert main([*arguments.split(), *names, *more]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = measure(FEATURES, LABELS, WEIGHT, BIAS, weighting="sample", center=True)
    report = CollapseReport(**found["collapse"])
    for _, name, value, _ in expected.rows():
        assert getattr(report, name) == pytest.approx(value, rel=1e-9, abs=1e-12), name
    means = np.stack([FEATURES[label == LABELS].mean(0) for label in range(7)])
    means -= means.mean(0)
    weight = WEIGHT - WEIGHT.mean(0)
    cyclic = measure_cyclic(weight, means)
    for name, *values in cyclic.rows():
        for layer, value in zip(("weights", "embeddings"), values, strict=False):
            if f"{name}_{layer}" in found["cyclic"]:
                assert found["cyclic"][f"{name}_{layer}"] == pytest.approx(value, abs=1e-9)
    for name, value in compare_with_best(means, weight).to_dict().items():
        assert found["code"][name] == (value if isinstance(value, str) else pytest.approx(value))
    assert set(found["cyclic"]) == set(CyclicReport.__dataclass_fields__)


def test_without_a_classifier_means_stand_on_the_circle(folder, capsys):
    assert main(["measure", "features.npz", "--cyclic", "--code"]) == 0
    out = capsys.readouterr().out
    assert "weights: the centred class means" in out
    assert re.search(r"dominant_frequency +1 +-", out)
    assert "7 classes in 2 dimensions beside the best code (regular polygon, proved)" in out


class Page(HTMLParser):
    """What a page holds and what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.ids, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "xlink:href", "action", "srcset", "data"):
                self.fetched.append(value)

    def handle_data(self, data):
        self.text += data


def test_the_page_opens_offline_and_holds_the_numbers(folder, capsys):
    os.rename("features.npz", "<b>&.npz")
    arguments = ["measure", "<b>&.npz", "--weights", "head.npz", "--cyclic", "--code"]
    assert main([*arguments, "--html", "report.html", "--json", "report.json"]) == 0
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert page.tags.count("svg") == 4
    assert page.tags.count("table") == 3
    assert not {"script", "link", "iframe", "b"} & set(page.tags)
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in page.fetched)
    assert len(page.ids) == len(set(page.ids))
    inside = {value[1:] for value in page.fetched if value.startswith("#")}
    assert inside | set(re.findall(r"url\(#(.*?)\)", text)) <= set(page.ids)
    assert "prefers-color-scheme: dark" in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert "default-src 'none'" in text
    report = CollapseReport(**json.loads((folder / "report.json").read_text())["collapse"])
    for _, name, value, _ in report.rows():
        assert name in page.text
        assert f"{value:.4g}" in page.text
    assert left(folder) == ["<b>&.npz", "head.npz", "report.html", "report.json"]


def test_a_page_of_many_classes_and_of_zero_rows_is_drawn(folder, capsys):
    labels = np.arange(900) % 300
    features = GENERATOR.normal(size=(900, 4))
    np.savez("features.npz", features=features, labels=labels)
    np.savez("head.npz", weight=np.zeros((300, 4)))
    arguments = ["measure", "features.npz", "--weights", "head.npz", "--html", "r.html"]
    assert main(arguments) == 0
    page = Page((folder / "r.html").read_text())
    assert page.tags.count("svg") == 2  # no matrix of 300 x 300
    assert "undefined here" in page.text
    assert capsys.readouterr().err.count("neuralcollapse: note: ") == page.tags.count("li") > 0


def test_files_replace_what_stood_there_and_keep_its_rights(folder):
    (folder / "r.json").write_text("old")
    (folder / "r.json").chmod(0o640)
    os.symlink("r.json", "link.json")
    assert main(["measure", "features.npz", "--json", "link.json"]) == 0
    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "r.json").read_text())["collapse"]["num_samples"] == 210
    assert (folder / "r.json").stat().st_mode & 0o777 == 0o640


REFUSED = {
    "no command": ("", "the following arguments are required: command"),
    "no file": ("measure", "the following arguments are required: features"),
    "unknown option": ("measure features.npz --wheel", "unrecognized arguments: --wheel"),
    "bad key": ("measure features.npz --names f=x", "--names: expected KEY=NAME"),
    "bad rows": ("measure features.npz --block-rows 0", "--block-rows: expected a whole number"),
    "missing": ("measure none.npz", "features: cannot read none.npz"),
    "pickle": ("measure a.pt", "features: a.pt may hold pickled objects"),
    "cut": ("measure cut.npz", "features: cut.npz is cut short or malformed"),
    "labels cut": ("measure features.npz --labels cut.npz", "labels: cut.npz is cut short"),
    "length": (
        "measure features.npz --labels short.npy",
        "labels: short.npy: expected shape (21",
    ),
    "float": ("measure features.npz --labels float.npy", "labels: float.npy: expected integers"),
    "negative": (
        "measure features.npz --labels minus.npy",
        "labels: minus.npy: expected class",
    ),
    "width": ("measure features.npz --weights wide.npz", r"weight: expected shape (at least 7, 2)"),
    "transposed": ("measure features.npz --weights turned.npz", "save its transpose"),
    "classes": ("measure features.npz --weights few.npz", "weight: expected shape (at least 7, 2)"),
    "name": ("measure features.npz --names labels=y", "labels: nothing is named 'y'"),
    "folder": ("measure features.npz --json no/r.json", "--json: cannot write no/r.json: No such"),
    "a folder": ("measure features.npz --html sub", "--html: sub is no regular file"),
    "a device": ("measure features.npz --json /dev/null", "--json: /dev/null is no regular file"),
    "input": ("measure features.npz --json features.npz", "--json: features.npz is an input"),
    "hyphen": ("measure features.npz --json - --html -", "--html: expected the name of a file"),
    "slash": ("measure features.npz --json head.npz/", "--json: expected the name of a file"),
    "a part": ("measure parts --json parts/a.parquet", "--json: parts/a.parquet is an input, or"),
    "beside": ("measure parts --json parts/r.json", "--json: parts/r.json is an input, or lies in"),
    "huge label": ("measure features.npz --labels huge.npy --cyclic", "--cyclic: 10000000001 cla"),
    "infinite": (
        "measure features.npz --weights inf.npz",
        "weight, bias, global_mean: the scores of the global mean overflow float64; scale",
    ),
    "twice": ("measure features.npz --json r --html r", "--html: r is written already"),
    "circle": ("measure features.npz --labels gap.npy --cyclic", "--cyclic: no sample of class 3"),
    "code": ("measure many.npz --code", "code: the best code of 200 points in 4 dimensions"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_leaves_nothing(folder, capsys, case):
    arguments, message = REFUSED[case]
    (folder / "sub").mkdir()
    (folder / "cut.npz").write_bytes((folder / "features.npz").read_bytes()[:-30])
    np.save("short.npy", LABELS[1:])
    np.save("float.npy", LABELS * 1.0)
    np.save("minus.npy", LABELS - 1)
    np.save("gap.npy", np.where(LABELS == 3, 4, LABELS))
    np.savez("wide.npz", weight=np.ones((7, 3)))
    np.savez("few.npz", weight=np.ones((6, 2)))
    np.savez("turned.npz", weight=WEIGHT.T)
    np.save("huge.npy", np.where(LABELS == 3, 10**10, LABELS))
    np.savez("inf.npz", weight=WEIGHT, bias=[-1e308] + [1e308] * (len(BIAS) - 1))
    (folder / "parts").mkdir()
    columns = {"features": list(FEATURES), "labels": LABELS}
    parquet.write_table(arrow.table(columns), "parts/a.parquet")
    content = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    np.savez("many.npz", features=GENERATOR.normal(size=(400, 4)), labels=np.arange(400) % 200)
    before = left(folder)
    more = [] if "--json" in arguments or len(arguments.split()) < 2 else ["--json", "out.json"]
    try:
        code = main([*arguments.split(), *more])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert left(folder) == before
    assert left(folder / "parts") == ["a.parquet"]
    assert all(path.read_bytes() == text for path, text in content.items())


def test_a_write_protected_file_is_refused(folder, capsys, monkeypatch):
    (folder / "r.json").write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # who runs this may be root
    assert main(["measure", "features.npz", "--json", "r.json"]) == 2
    assert "--json: cannot write r.json: it is write-protected" in capsys.readouterr().err
    assert (folder / "r.json").read_text() == "old"


def test_a_full_disk_leaves_the_old_report(folder, capsys, monkeypatch):
    (folder / "r.json").write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["measure", "features.npz", "--json", "r.json", "--html", "r.html"]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert (folder / "r.json").read_text() == "old"
    assert left(folder) == ["features.npz", "head.npz", "r.json"]


def test_nan_in_the_last_row_of_a_million(folder, capsys):
    features = open_memmap("x.npy", "w+", np.float32, (1_000_000, 4))
    features[:2] = 1
    features[-1, -1] = np.nan
    features.flush()
    np.save("y.npy", np.arange(1_000_000) % 2)
    assert main(["measure", "x.npy", "--labels", "y.npy", "--html", "r.html"]) == 2
    err = capsys.readouterr().err
    assert err == (
        "neuralcollapse: features: row 999999 of x.npy holds NaN or infinity; remove or repair it "
        "first\n"
    )
    assert left(folder) == ["features.npz", "head.npz", "x.npy", "y.npy"]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_too_little_memory_is_said(folder, capsys, monkeypatch, error):
    def fail(self, rows=None):
        raise error

    monkeypatch.setattr("neuralcollapse.files.features.FeatureFile.blocks", fail)
    assert main(["measure", "features.npz"]) == 2
    message = "neuralcollapse: not enough memory; give fewer rows at once with --block-rows\n"
    assert capsys.readouterr().err == message


# From here on in a process of its own.


def start(*arguments, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*COMMAND, *arguments], preexec_fn=hear_interrupts, **pipes | options)


def hear_interrupts():
    """What runs behind a shell's `&` or nohup is deaf to signals, and so are its children."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def test_as_a_process(folder):
    process = start("features.npz", "--weights", "head.npz", "--json", "r.json")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == f"{measure(FEATURES, LABELS, WEIGHT, BIAS)}\n"
    assert json.loads((folder / "r.json").read_text())["collapse"]["num_classes"] == 7


def test_bad_input_as_a_process(folder):
    (folder / "features.npz").write_bytes(b"PK")
    out, err = (process := start("features.npz", "--json", "r.json")).communicate()
    assert (process.returncode, out) == (2, "")
    assert err.startswith("neuralcollapse: features: features.npz is cut short or malformed")
    assert err.count("\n") == 1
    assert left(folder) == ["features.npz", "head.npz"]


def large(rows, width):
    """A sparse file of features, of two classes that are not quite one."""
    features = open_memmap("x.npy", "w+", np.float32, (rows, width))
    features[0] = 1
    features.flush()
    np.save("y.npy", np.arange(rows) % 2)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_run_leaves_nothing(folder, number, code):
    large(2_000_000, 16)
    (folder / "r.json").write_text("old")
    arguments = ["x.npy", "--labels", "y.npy", "--block-rows", "10", "--json", "r.json"]
    process = start(*arguments, "--html", "r.html")
    deadline = time.monotonic() + 240
    while len(list(folder.glob(".writing-*"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)  # well into the pass, which takes a minute
    process.send_signal(number)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (code, "")
    assert re.fullmatch(r"neuralcollapse: (interrupted|terminated); no report was written\n", err)
    assert (folder / "r.json").read_text() == "old"
    assert left(folder) == ["features.npz", "head.npz", "r.json", "x.npy", "y.npy"]


def peak(*arguments):
    """Peak memory of a run, in bytes."""
    code = (
        "import sys; from neuralcollapse.command import main; code = main();"
        "print(open('/proc/self/status').read()); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "measure", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    # Not ru_maxrss, which a process inherits from the one that starts it.
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", ran.stdout).group(1))


@pytest.mark.skipif(sys.platform != "linux", reason="reads peak memory where Linux tells it")
def test_a_file_larger_than_the_memory_it_takes(folder):
    rows, width = 1_000_000, 96
    large(rows, width)
    np.save("head.npy", np.eye(2, width))
    size = (folder / "x.npy").stat().st_size
    base = peak("features.npz", "--weights", "head.npz")
    taken = peak("x.npy", "--labels", "y.npy", "--weights", "head.npy") - base
    assert taken < 160e6 < size / 2  # labels alone are 8 MB, a block with its copies 100 MB


def test_a_bar_on_a_terminal_only(folder):
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 100))
    process = start("features.npz", stderr=writer)
    out, _ = process.communicate()
    os.close(writer)
    shown = os.read(reader, 4096).decode()
    os.close(reader)
    assert re.search(r"0\.00/210", shown)
    assert out.startswith("Neural collapse of 210 samples")


def test_a_reader_that_leaves_early_is_no_error(folder):
    process = start("features.npz", "--json", "r.json")
    process.stdout.close()
    err = process.stderr.read()
    assert (process.wait(), err) == (0, "")
    assert (folder / "r.json").exists()


def test_what_is_printed_late_is_not_called_unwritten(folder, capsys, monkeypatch):
    def interrupted(*values, **options):
        if options.get("file") is None:
            raise KeyboardInterrupt
        written.append(values)

    written = []
    monkeypatch.setattr("builtins.print", interrupted)
    assert main(["measure", "features.npz", "--json", "r.json"]) == 130
    assert written == [("neuralcollapse:", "interrupted; the terminal lacks a part")]
    assert json.loads((folder / "r.json").read_text())


def test_no_hangup_under_nohup(folder):
    seen = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with _terminable():
            seen.append(signal.getsignal(signal.SIGHUP))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert seen == [signal.SIG_IGN]


@pytest.mark.parametrize(
    ("closed", "shown"), [(">&-", False), ("2>&-", True), (">&- 2>&-", False), ("<&- >&-", False)]
)
def test_closed_streams_take_no_report(folder, closed, shown):
    line = f'"$@" features.npz --json r.json --html r.html {closed}'
    ran = subprocess.run(["sh", "-c", line, "sh", *COMMAND], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (f"{measure(FEATURES, LABELS)}\n" if shown else "")
    assert json.loads((folder / "r.json").read_text())["collapse"]["num_samples"] == 210
    assert (folder / "r.html").read_text().endswith("</html>\n")


def test_errors_do_not_take_the_place_of_the_table(folder):
    ran = subprocess.run(["sh", "-c", '"$@" none.npz 2>&-', "sh", *COMMAND], capture_output=True)
    assert (ran.returncode, ran.stdout) == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_behind_the_terminal_is_said(folder):
    with open("/dev/full", "w") as full:
        _, err = (process := start("features.npz", stdout=full)).communicate()
    assert process.returncode == 2
    assert re.fullmatch(r"neuralcollapse: standard output: cannot write: .*; name a file\n", err)


def test_a_name_that_is_no_text_is_marked(folder):
    name = os.fsdecode(b"f\xff.npz")
    os.rename("features.npz", name)
    assert main(["measure", name, "--html", "r.html", "--json", "r.json"]) == 0
    assert "<code>f?.npz</code>" in (folder / "r.html").read_text()
    assert json.loads((folder / "r.json").read_text())["features"] == name


def test_nothing_heavy_is_loaded_for_help():
    code = (
        "import sys; from neuralcollapse.command import main\n"
        "try: main(['measure', '--help'])\n"
        "except SystemExit as stop: assert not {'torch', 'numpy'} & set(sys.modules), stop"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--weights" in ran.stdout


def test_features_are_not_taken_for_the_classifier_of_the_same_file(folder, capsys):
    assert main(["measure", "features.npz", "--weights", "features.npz"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("neuralcollapse: weight: expected shape (at least 7, 2)")
    np.savez("all.npz", features=FEATURES, labels=LABELS, weight=WEIGHT, bias=BIAS)
    assert main(["measure", "all.npz", "--weights", "all.npz"]) == 0
    assert capsys.readouterr().out == f"{measure(FEATURES, LABELS, WEIGHT, BIAS)}\n"
