#include "config/toml_writer.h"

#include <string_view>

#include "config/option_table.h"

namespace nacre::config {

namespace {

constexpr size_t kCommentColumns = 100;

// Integers of TOML have 63 bits; a size that has more is written as text.
std::string toml_value(const OptionRow& row, uint64_t value) {
  const std::string text = value_text(row, value);
  return row.quantity == Quantity::kNumber ? text : "\"" + text + "\"";
}

// Words, broken into lines of comment.
void append_comment(std::string& out, std::string_view words) {
  while (!words.empty()) {
    size_t end = words.size();
    if (end > kCommentColumns) {
      end = words.rfind(' ', kCommentColumns);
      if (end == std::string_view::npos) end = words.size();
    }
    out.append("# ").append(words.substr(0, end)).append("\n");
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

std::string write(const Options& options, bool commented) {
  std::string out;
  if (commented) out += "# The options of a Nacre database. A line that is left out means its default.\n\n";
  std::string_view table;
  for (const OptionRow& row : option_rows()) {
    if (row.table != table) {
      table = row.table;
      if (!commented) out += "\n";
      if (commented)
        out += "# Of keyspaces that are created: each records its own, and has them again at every open.\n";
      out.append("[").append(table).append("]\n");
      if (commented) out += "\n";
    }
    if (commented) {
      append_comment(out, row.meaning);
      append_comment(out, "Range: " + range_text(row) + ". Default: " + value_text(row, row.default_value()) +
                              ". Changes: " + (row.while_open ? "at any time." : "at an open."));
      append_comment(out, std::string("Change it when: ").append(row.change_when) + ".");
    }
    out.append(row.name).append(" = ").append(toml_value(row, row.get(options))).append("\n");
    if (commented) out += "\n";
  }
  if (commented) out.pop_back();
  return out;
}

}  // namespace

std::string write_toml(const Options& options) { return write(options, false); }
std::string write_commented_toml(const Options& options) { return write(options, true); }

}  // namespace nacre::config
