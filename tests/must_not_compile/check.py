#!/usr/bin/env python3
"""Checks that a wrong program is refused, and for the right reason.

  check.py FILE COMPILER FLAGS...

FILE holds a right program, and between `#ifdef NACRE_WRONG` and `#else` the wrong use. Without NACRE_WRONG it must compile; with it
the compiler must fail and say what every line `// expect: REGEX` asks for. (A line `// only: Clang` names the one compiler
that can know: tests/CMakeLists.txt reads it.)
"""

import re
import subprocess
import sys


def compile_file(command, path, *flags):
    return subprocess.run([*command, "-fsyntax-only", *flags, path], capture_output=True, text=True, check=False,
                          env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"})


def main(path, *command):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expected = re.findall(r"^// expect: (.+)$", text, re.M)
    if not expected or "#ifdef NACRE_WRONG" not in text:
        print(f"{path}: needs a line '// expect: REGEX' and an '#ifdef NACRE_WRONG'")
        return 1
    right = compile_file(command, path)
    if right.returncode != 0:
        print(f"{path}: does not compile even without the wrong use:\n{right.stderr}")
        return 1
    wrong = compile_file(command, path, "-DNACRE_WRONG")
    if wrong.returncode == 0:
        print(f"{path}: the wrong use compiles")
        return 1
    missing = [pattern for pattern in expected if not re.search(pattern, wrong.stderr)]
    if missing:
        print(f"{path}: refused, but the compiler does not say {missing}:\n{wrong.stderr}")
        return 1
    print(wrong.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
