#!/usr/bin/env python3
"""Runs an example on a new database and compares what it prints with the comment at its head: run.py SOURCE PROGRAM"""

import difflib
import pathlib
import re
import subprocess
import sys
import tempfile


def promised(source):
    """The lines under "// Prints:" (or " * Prints:"), without the three columns that set them off."""
    block = re.search(r"^(?://| \*) Prints:\n((?:(?://| \*)   .*\n)+)", source, re.MULTILINE)
    if block is None:
        sys.exit("no lines under \"Prints:\" at its head")
    return [re.sub(r"^(?://| \*)   ", "", line) for line in block.group(1).splitlines()]


def main():
    source, program = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="nacre-example-") as home:
        done = subprocess.run([program, f"{home}/data"], capture_output=True, text=True, timeout=120, cwd=home)
    sys.stderr.write(done.stderr)
    differences = list(difflib.unified_diff(promised(pathlib.Path(source).read_text()), done.stdout.splitlines(), "promised", "printed", lineterm=""))
    print("\n".join(differences))
    sys.exit(done.returncode != 0 or bool(differences))


if __name__ == "__main__":
    main()
