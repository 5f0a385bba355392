#include "config/toml_reader.h"

// What toml++ asserts is not always so: "[=" is a key to it that begins with no letter. Behind such an assertion it refuses the text, unless
// the compiler was told to assume it, as it is without assertions.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <optional>
#include <vector>

#include "config/nearest_name.h"
#include "config/option_table.h"

namespace nacre::config {

namespace {

constexpr size_t kMaxNesting = 64;  // dots and opening brackets, in all: the options need five

// ---- what the parser is not to see -----------------------------------------------------------------------------------

class TextShape {
 public:
  explicit TextShape(std::string_view text) : text_(text) {}

  std::optional<ConfigError> error() {
    if (text_.size() > kMaxConfigBytes) {
      return ConfigError{.message = "the text has more than " + std::to_string(kMaxConfigBytes) +
                                    " bytes: is it the right file?"};
    }
    if (text_.starts_with("\xEF\xBB\xBF")) line_begin_ = at_ = 3;  // a byte order mark is allowed
    while (at_ < text_.size()) {
      const char* wrong = next();
      if (wrong == nullptr) continue;
      return ConfigError{.line = line_, .column = static_cast<uint32_t>(at_ - line_begin_) + 1, .message = wrong};
    }
    return std::nullopt;
  }

 private:
  // Passes over a character, a string or a comment; or stands still and says what is wrong.
  const char* next() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') {
      if (text_.substr(at_ + 1).starts_with(std::string(2, c)))
        return "text of several lines is for no option: write it between two quotes, on one line";
      return pass_string(c);
    }
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return nullptr;
    }
    if ((c & 0x80) != 0) return kNotAscii;
    if (c == '.' || c == '[' || c == '{') {
      if (++nesting_ > kMaxNesting)
        return "more dots and brackets than options need: write a name, =, and a value a line";
    }
    at_++;
    if (c == '\n') {
      line_++;
      line_begin_ = at_;
    }
    return nullptr;
  }
  // To the end of the line if it is never closed: the parser will say so.
  const char* pass_string(char quote) {
    for (at_++; at_ < text_.size() && text_[at_] != '\n'; at_++) {
      if ((text_[at_] & 0x80) != 0) return kNotAscii;
      if (text_[at_] == quote) {
        at_++;
        return nullptr;
      }
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') at_++;
    }
    return nullptr;
  }
  static constexpr const char* kNotAscii = "no option has letters beyond ASCII: they may stand in comments only";

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_begin_ = 0;
  uint32_t line_ = 1;
  size_t nesting_ = 0;
};

// ---- what the parser saw ---------------------------------------------------------------------------------------------

const char* type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

std::string full_name(const OptionRow& row) {
  return row.table.empty() ? std::string(row.name) : std::string(row.table).append(".").append(row.name);
}

class TableReader {
 public:
  void read(const toml::table& entries, std::string_view table) {
    for (const auto& [key, node] : entries) {
      if (const OptionRow* row = find_option(table, key.str())) {
        read_option(*row, node);
      } else if (table.empty() && key.str() == kKeyspaceTable) {
        read_keyspace(node);
      } else {
        refuse(key.source(), unknown(key.str(), table));
      }
    }
  }

  std::expected<Options, ConfigError> result() const {
    if (first_error_) return std::unexpected(*first_error_);
    return options_;
  }

 private:
  // The parser's tables are in the order of names: what stands first in the text is told.
  void refuse(const toml::source_region& where, std::string message) {
    const toml::source_position at = where.begin;
    if (first_error_ && std::pair(first_error_->line, first_error_->column) <= std::pair(at.line, at.column)) return;
    first_error_ = ConfigError{.line = at.line, .column = at.column, .message = std::move(message)};
  }

  void read_keyspace(const toml::node& node) {
    if (const toml::table* entries = node.as_table()) return read(*entries, kKeyspaceTable);
    refuse(node.source(), std::string("keyspace is ") + type_name(node) +
                              ": write [keyspace] on a line of its own, and its options below");
  }

  void read_option(const OptionRow& row, const toml::node& node) {
    if (row.quantity == Quantity::kWord) return read_word(row, node);
    if (const toml::value<int64_t>* number = node.as_integer()) {
      const int64_t value = number->get();
      if (value < 0) return refuse(node.source(), out_of_range(row, std::to_string(value)));
      return store(row, node, static_cast<uint64_t>(value));
    }
    const toml::value<std::string>* text = row.quantity == Quantity::kBytes ? node.as_string() : nullptr;
    if (text == nullptr) return refuse(node.source(), wrong_type(row, node));
    const std::optional<uint64_t> bytes = parse_bytes(text->get());
    if (!bytes) {
      return refuse(node.source(), full_name(row) + ": " + quoted(text->get()) +
                                       " is no size: write a whole number and B, KiB, MiB, GiB or TiB, as \"" +
                                       bytes_text(row.default_value()) + "\"");
    }
    store(row, node, *bytes);
  }

  void read_word(const OptionRow& row, const toml::node& node) {
    const toml::value<std::string>* text = node.as_string();
    if (text == nullptr) return refuse(node.source(), wrong_type(row, node));
    const auto found = std::find(row.words.begin(), row.words.end(), std::string_view(text->get()));
    if (found != row.words.end()) return row.set(options_, static_cast<uint64_t>(found - row.words.begin()));
    refuse(node.source(), full_name(row) + " is " + quoted(text->get()) + ", which is none of " + range_text(row) +
                              ": " + suggestion(text->get(), row.words));
  }

  void store(const OptionRow& row, const toml::node& node, uint64_t value) {
    if (value < row.least || value > row.most) return refuse(node.source(), out_of_range(row, value_text(row, value)));
    row.set(options_, value);
  }

  static std::string out_of_range(const OptionRow& row, const std::string& value) {
    return full_name(row) + " is " + value + ", which is out of its range: " + range_text(row);
  }

  static std::string wrong_type(const OptionRow& row, const toml::node& node) {
    std::string right = "a whole number, as " + value_text(row, row.default_value());
    if (row.quantity == Quantity::kBytes) {
      right = "a number of bytes, as " + std::to_string(row.default_value()) + " or \"" +
              bytes_text(row.default_value()) + "\"";
    } else if (row.quantity == Quantity::kWord) {
      right = "one word of " + range_text(row) + " in quotes";
    }
    return full_name(row) + " is " + type_name(node) + ": write " + right;
  }

  static std::string unknown(std::string_view name, std::string_view table) {
    const std::string beginning = "unknown option " + quoted(name) + ": ";
    // Right in the other table?
    const std::string_view other = table.empty() ? kKeyspaceTable : "";
    if (find_option(other, name) != nullptr) {
      return beginning + (other.empty() ? "it stands before [keyspace]" : "it belongs below [keyspace]");
    }
    std::vector<std::string_view> names;
    for (const OptionRow& row : option_rows()) {
      if (row.table == table) names.push_back(row.name);
    }
    if (table.empty()) names.push_back(kKeyspaceTable);
    return beginning + suggestion(name, names);
  }

  Options options_;
  std::optional<ConfigError> first_error_;
};

}  // namespace

std::expected<Options, ConfigError> read_toml(std::string_view text) {
  if (std::optional<ConfigError> unfit = TextShape(text).error()) return std::unexpected(*std::move(unfit));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    return std::unexpected(ConfigError{
        .line = at.line, .column = at.column, .message = "not TOML: " + printable(parsed.error().description(), 100)});
  }
  TableReader reader;
  reader.read(parsed.table(), {});
  return reader.result();
}

}  // namespace nacre::config
