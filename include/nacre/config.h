// Configuration: Options from TOML text and back.
//
//   auto options = nacre::options_from_file("nacre.toml");
//   if (!options) return complain(options.error().to_string("nacre.toml"));
//   auto db = nacre::Db::open("data", *options);
//
// A key is the name of a member, those of Options::keyspace in the table [keyspace]; what is left out has its default, so an
// empty text is Options{}. Sizes are whole numbers of bytes or text with a unit, "512MiB" (B, KiB, MiB, GiB, TiB); enumerations are
// words, "lz4". What is unknown, of the wrong type or out of its range is refused with its place and the nearest right name. A
// database looks for no file by itself: what it is opened with is what counts.
//
// `nacre options` prints every option with its range and its default as such a file.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "nacre/export.h"
#include "nacre/options.h"

namespace nacre {

// What is wrong with a text, and what to write instead.
struct NACRE_API ConfigError {
  uint32_t line = 0;    // from 1; 0: it is about the file as a whole
  uint32_t column = 0;  // from 1, in characters; 0 as above
  std::string message;

  // "nacre.toml:3:1: unknown option "memory": did you mean "memory_bytes"?"
  std::string to_string(std::string_view file) const;
};

inline constexpr size_t kMaxConfigBytes = size_t{64} << 10;

// Refuses more than kMaxConfigBytes of text, and text that is not TOML 1.0 in UTF-8.
[[nodiscard]] NACRE_API std::expected<Options, ConfigError> options_from_toml(std::string_view text) noexcept;
// The same of a file, which may be a link or a pipe.
[[nodiscard]] NACRE_API std::expected<Options, ConfigError> options_from_file(const std::string& path) noexcept;

// Every option, as text that options_from_toml() makes the same options of.
NACRE_API std::string to_toml(const Options& options) noexcept;
// The same, with comments that say of each option what it is, its range and default, and when to change it.
NACRE_API std::string to_commented_toml(const Options& options) noexcept;

// The words that stand for them in TOML. Of what is none of the enumeration: "?".
NACRE_API std::string_view to_string(OpenMode mode);
NACRE_API std::string_view to_string(Durability durability);
NACRE_API std::string_view to_string(MemtableKind kind);
NACRE_API std::string_view to_string(Compression compression);
NACRE_API std::string_view to_string(CompactionShape shape);

}  // namespace nacre
