"""A mutant: a patch of the engine that plants one bug, under a header that says which and who must notice.

    Title: A sync group takes its target before it leads
    Floor: engine
    Class: fsync result ignored or retried
    Like: R#2495 L#161                     (optional: the same bug in other engines)
    Sees: acknowledged writes are gone after a power cut
    Suite: sim                             (suites.py)
    Bound: 300 seeds                       (or: 60 seconds)
    Expect: acknowledged commits are lost  (optional: a regular expression that the suite's words must match)

    diff --git a/src/... b/src/...

A value may go on in lines that begin with white space. The patch may change the product only: a mutant that touches a
test or the simulator would prove nothing.
"""

import dataclasses
import pathlib
import re

REQUIRED = ("Title", "Floor", "Class", "Sees", "Suite", "Bound")
OPTIONAL = ("Like", "Expect")
FLOORS = ("base sync os format memtable wal cache log config table tree merge compaction read salvage metrics engine txn cli capi").split()
PRODUCT = ("src/", "include/")
UNITS = ("seeds", "seconds")


class BadMutant(Exception):
    """What is wrong with a patch's header or reach, in words."""


@dataclasses.dataclass(frozen=True)
class Bound:
    number: int
    unit: str

    def __str__(self):
        return f"{self.number} {self.unit}"


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    path: pathlib.Path
    title: str
    floor: str
    bug_class: str
    sees: str
    suite: str
    bound: Bound
    files: tuple  # that the patch changes, relative to the tree
    like: str = ""
    expect: str = ""


def read_header(text):
    """The fields before the diff, and the diff."""
    head, found, diff = text.partition("\ndiff --git ")
    if not found:
        raise BadMutant("holds no 'diff --git'")
    fields = {}
    name = None
    for line in head.splitlines():
        if not line.strip():
            continue
        if line[0].isspace():
            if name is None:
                raise BadMutant(f"the header begins with a continued line: {line!r}")
            fields[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon or name not in REQUIRED + OPTIONAL:
            raise BadMutant(f"no field of a header: {line!r}")
        if name in fields:
            raise BadMutant(f"the field {name} stands twice")
        fields[name] = value.strip()
    for name in REQUIRED:
        if not fields.get(name):
            raise BadMutant(f"the field {name} is missing")
    return fields, "diff --git " + diff


def read_bound(text):
    match = re.fullmatch(r"(\d+) (\w+)", text)
    if not match or match[2] not in UNITS or int(match[1]) == 0:
        raise BadMutant(f"a bound is 'N seeds' or 'N seconds', not {text!r}")
    return Bound(int(match[1]), match[2])


def changed_files(diff):
    files = re.findall(r"^\+\+\+ b/(\S+)", diff, re.M)
    if not files:
        raise BadMutant("the patch changes no file")
    for file in files:
        if not file.startswith(PRODUCT):
            raise BadMutant(f"changes {file}: a mutant changes the product, {' and '.join(PRODUCT)}, and nothing else")
    return tuple(files)


def parse(name, text, path=None):
    fields, diff = read_header(text)
    if fields["Floor"] not in FLOORS:
        raise BadMutant(f"{fields['Floor']!r} is no floor of the house: {' '.join(FLOORS)}")
    if fields.get("Expect"):
        try:
            re.compile(fields["Expect"])
        except re.error as error:
            raise BadMutant(f"Expect is no regular expression: {error}") from None
    return Mutant(name=name, path=path, title=fields["Title"], floor=fields["Floor"], bug_class=fields["Class"],
                  sees=fields["Sees"], suite=fields["Suite"], bound=read_bound(fields["Bound"]),
                  files=changed_files(diff), like=fields.get("Like", ""), expect=fields.get("Expect", ""))


def load_all(folder):
    """All mutants of a folder by name, and the names of those that are no good with the reason."""
    mutants, bad = [], []
    for path in sorted(pathlib.Path(folder).glob("*.patch")):
        try:
            mutants.append(parse(path.stem, path.read_text(), path))
        except BadMutant as error:
            bad.append((path.stem, str(error)))
    return mutants, bad
