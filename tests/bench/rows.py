"""What the benches found, a row a comparison, for one table of them all (tests/bench/table).

Each bench prints its own results; with BENCH_ROWS set it also appends its rows to that file.
"""
import os


def _append(*cells):
    path = os.environ.get("BENCH_ROWS")
    if path:
        with open(path, "a", encoding="utf-8") as f:
            f.write("\t".join(cells) + "\n")


def _amount(number, unit):
    return f"{number:.3g} {unit}" if number < 1000 else f"{number:,.0f} {unit}"


def add(what, other, own, others, unit, ratio):
    """`what` was measured of session-rescue and of `other`, in the same rounds: two medians and their ratio."""
    _append(what, other, _amount(own, unit), _amount(others, unit), f"{ratio:.2f}")


def fact(what, text):
    """A figure that is compared with nothing: a peak of memory, say."""
    _append(what, "", text, "", "")
