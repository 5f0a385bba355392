// What people see on a terminal: bytes that it shows and never obeys, and widths in columns.
//
// Stored bytes may come from anybody, and a terminal obeys what begins with ESC or is a C1 control: it can be made to hide text, or
// to type. So whatever goes to a terminal passes through append_visible. Pipes and files get the bytes themselves.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "nacre/bytes.h"

namespace nacre::cli {

// Takes the character set of the environment; one that names UTF-8 and is not installed still means UTF-8.
void choose_character_set();
// Whether that is UTF-8.
bool speaks_utf8();

bool is_terminal(std::FILE* file);
int terminal_columns(std::FILE* file);  // 80 if it does not say
// Whether writing to `file` has failed. Asked right behind a write, it keeps the reason, which errno has for a moment only.
bool has_failed(std::FILE* file);
// ": No space left on device", or nothing where nobody kept it.
std::string why_failed();
// A pipe whose reader has gone, as `| head` does.
bool is_closed_pipe(std::FILE* file);

// Appends `bytes` with the escapes of the TSV format for tabs, line ends and backslashes, and \xHH for all that is no printable
// character: controls, bytes that are not UTF-8, marks that turn the direction of writing; also for every non-ASCII byte if the
// terminal's character set is not UTF-8. So it can be read back.
void append_visible(std::string& out, Bytes bytes);
std::string visible(Bytes bytes);
// The same for a text of several lines: line ends, tabs and backslashes stay what they are.
void append_visible_text(std::string& out, Bytes bytes);

// Columns that text of append_visible takes.
size_t display_width(Bytes text);
// `text` if it fits into `columns` (at least 4), else its beginning and "...".
std::string shortened(const std::string& text, size_t columns);
// `text` on lines of at most `columns`, broken at blanks; lines behind the first begin with `indent` blanks. No line end at the end.
std::string wrapped(const std::string& text, size_t indent, size_t columns);

}  // namespace nacre::cli
