#!/usr/bin/env python3
"""Every function that nacre/c.h and its parts declare is called by the tests in C, and marked for export.

  every_function_test.py HEADER.h... TEST.c...
"""

import pathlib
import re
import sys


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def main():
    text = {end: "".join(without_comments(pathlib.Path(path).read_text()) for path in sys.argv[1:] if path.endswith(end)) for end in (".h", ".c")}
    header, tests = text[".h"], text[".c"]
    declared = re.findall(r"^NACRE_API\b[^;]*?\b(nacre_\w+)\(", header, re.M)
    called = set(re.findall(r"\b(nacre_\w+)\(", tests))
    wrong = [f"{name} is not called by any test" for name in declared if name not in called]
    wrong += [f"{name} is declared twice" for name in set(declared) if declared.count(name) > 1]
    prototypes = re.findall(r"^(?!typedef)[\w][^;{}#]*\)\s*;", header, re.M)
    wrong += [f"not marked with NACRE_API: {' '.join(line.split())}" for line in prototypes if not line.startswith("NACRE_API")]
    if len(declared) < 80:
        wrong.append(f"only {len(declared)} functions found: the pattern does not fit the headers any more")
    print("\n".join(wrong) if wrong else f"{len(declared)} functions, each called")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
