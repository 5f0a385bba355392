#!/usr/bin/env python3
"""The table of README has the figures of bench/RESULTS.md: each row names its workload of the suites "standard" and "writes"."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = ("nacre", "rocksdb-tuned", "lmdb-nosync", "nacre / rocksdb-tuned")


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def results():
    """Workload -> its cells in COLUMNS, medians as text; of fills, which both suites have, those of "writes"."""
    found = {}
    for suite in ("standard", "writes"):
        text = (ROOT / "bench/RESULTS.md").read_text().split(f"\n## {suite}\n")[1]
        table = next(part for part in text.split("\n\n") if part.startswith("| workload"))
        names, _, *rows = map(cells, table.splitlines())
        places = [[name.split(",")[0] for name in names].index(column) for column in COLUMNS]
        found |= {row[0]: [row[place].split(" ")[0] for place in places] for row in rows}
    return found


class Figures(unittest.TestCase):
    def test_of_the_readme_are_those_of_the_results(self):
        table = re.search(r"^\| thousand a second .*?\n\n", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
        rows = [cells(line) for line in table.strip().splitlines()[2:]]
        self.assertGreater(len(rows), 5)
        measured = results()
        for what, *shown in rows:
            workload = re.search(r"`([^`]+)`", what)[1]
            for column, here, there in zip(COLUMNS, shown, measured[workload], strict=True):
                with self.subTest(workload=workload, column=column):
                    self.assertEqual(here == "", there == "")
                    half = 0.5 if "." not in here else 0
                    if here:
                        self.assertLessEqual(abs(float(here.replace(",", "")) - float(there)), half + 1e-9)


if __name__ == "__main__":
    unittest.main()
