#!/usr/bin/env python3
"""Doxygen reads the public headers through this: our plain // comments become the ones it looks for.

  // text            at the head of the file   the page of the file
  // text            above a declaration       what Doxygen says of it
  code;  // text     behind one                likewise, with the lines that go on below it
  //   indented                                shown as it stands
"""

import re
import sys

COMMENT = re.compile(r"^(\s*)//(?!/) ?(.*)$")
BEHIND = re.compile(r"^(\s*\S.*[;,]|\s*k?[A-Z]\w*(?: = \w+)?)(\s+)// (?!NOLINT|namespace)(.*)$")
SPECIAL = re.compile(r"([\\@<>&#%\"|*$])")


def plain(text):
    """Text in which Doxygen finds no commands, no tags and no links of its own (a space of no width parts A:: from B); `code` stays."""
    pieces = re.split(r"(`[^`]*`)", text)
    kept = (piece if piece.startswith("`") and "::" not in piece else SPECIAL.sub(r"\\\1", piece) for piece in pieces)
    return "".join(kept).replace("::", "::\u200b")


def paragraphs(lines, mark):
    """The lines of a comment, those that are indented in verbatim blocks."""
    verbatim = False
    for line in lines:
        if line.startswith("  ") != verbatim and line.strip():
            verbatim = not verbatim
            yield f"{mark} @verbatim" if verbatim else f"{mark} @endverbatim"
        yield f"{mark} {line if verbatim else plain(line)}"
    if verbatim:
        yield f"{mark} @endverbatim"


def filtered(text):
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        behind = BEHIND.match(lines[at])
        if behind and behind.group(1).count('"') % 2 == 0:
            column = len(behind.group(1) + behind.group(2))
            words = [behind.group(3)]
            while at + 1 < len(lines) and (more := COMMENT.match(lines[at + 1])) and len(more.group(1)) >= column:
                words.append(more.group(2))
                at += 1
            yield f"{behind.group(1)}{behind.group(2)}///< {plain(' '.join(words))}"
        elif COMMENT.match(lines[at]):
            first = at
            while at + 1 < len(lines) and COMMENT.match(lines[at + 1]):
                at += 1
            indent = COMMENT.match(lines[first]).group(1)
            block = [COMMENT.match(line).group(2) for line in lines[first : at + 1]]
            if first == 0:
                yield "/// @file"
            yield from (indent + line for line in paragraphs(block, "///"))
        else:
            yield lines[at]
        at += 1


def main():
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(filtered(header.read())))


if __name__ == "__main__":
    main()
