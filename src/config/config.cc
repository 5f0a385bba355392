// The public calls of nacre/config.h: thin doors.

#include "nacre/config.h"

#include "config/option_table.h"
#include "config/toml_reader.h"
#include "config/toml_writer.h"
#include "os/user_file.h"

namespace nacre {

namespace {

template <class T>
std::string_view word_of(T value) {
  const auto words = config::words_of<T>();
  const auto index = static_cast<size_t>(value);
  return index < words.size() ? words[index] : "?";
}

}  // namespace

std::string ConfigError::to_string(std::string_view file) const {
  std::string text(file);
  if (line != 0) text.append(":").append(std::to_string(line)).append(":").append(std::to_string(column));
  return text.append(": ").append(message);
}

std::expected<Options, ConfigError> options_from_toml(std::string_view text) noexcept {
  return config::read_toml(text);
}

std::expected<Options, ConfigError> options_from_file(const std::string& path) noexcept {
  const auto text = os::read_user_file(path, kMaxConfigBytes + 1);
  if (!text) return std::unexpected(ConfigError{.message = text.error().to_string()});
  return config::read_toml(*text);
}

std::string to_toml(const Options& options) noexcept { return config::write_toml(options); }
std::string to_commented_toml(const Options& options) noexcept { return config::write_commented_toml(options); }

std::string_view to_string(OpenMode mode) { return word_of(mode); }
std::string_view to_string(Durability durability) { return word_of(durability); }
std::string_view to_string(MemtableKind kind) { return word_of(kind); }
std::string_view to_string(Compression compression) { return word_of(compression); }
std::string_view to_string(CompactionShape shape) { return word_of(shape); }

}  // namespace nacre
