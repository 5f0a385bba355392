// Options as TOML.

#include "nacre/config.h"

#include <cstring>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"
#include "capi/text.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

nacre_config_error as_c(const ConfigError& error) {
  nacre_config_error out = {};
  out.struct_size = sizeof out;
  out.line = error.line;
  out.column = error.column;
  write_text(error.message, out.message, sizeof out.message);
  return out;
}

ConfigError about_the_call(const Error& error) { return {.message = error.to_string()}; }

// Fills both structs with what `read`, which takes nothing, returns.
template <class Read>
std::optional<ConfigError> read_into(nacre_options* options, nacre_keyspace_options* keyspace, const Read& read) {
  if (const Result<void> place = fillable(options); !place) return about_the_call(place.error());
  if (const Result<void> place = fillable(keyspace); !place) return about_the_call(place.error());
  const std::expected<Options, ConfigError> found = read();
  if (!found) return found.error();
  give(capi::as_c(found->keyspace), keyspace);
  give(capi::as_c(*found, keyspace), options);
  return std::nullopt;
}

// As `answer`, for errors with a place.
template <class Body>
nacre_status answer_with_place(nacre_config_error* error, const Body& body) noexcept {
  if (error != nullptr && !is_struct_size(error->struct_size)) return NACRE_INVALID_ARGUMENT;
  const std::optional<ConfigError> failure = body();
  if (!failure) return NACRE_OK;
  if (error != nullptr) give(as_c(*failure), error);
  return NACRE_INVALID_ARGUMENT;
}

}  // namespace

nacre_status nacre_options_from_toml(nacre_bytes text, nacre_options* options, nacre_keyspace_options* keyspace,
                                     nacre_config_error* error) {
  return answer_with_place(error, [&]() -> std::optional<ConfigError> {
    const Result<Bytes> given = as_bytes(text);
    if (!given) return about_the_call(given.error());
    return read_into(options, keyspace, [&] { return options_from_toml(*given); });
  });
}

nacre_status nacre_options_from_file(const char* path, nacre_options* options, nacre_keyspace_options* keyspace,
                                     nacre_config_error* error) {
  return answer_with_place(error, [&]() -> std::optional<ConfigError> {
    const Result<void> named = needed(path, "the path is NULL");
    if (!named) return about_the_call(named.error());
    return read_into(options, keyspace, [&] { return options_from_file(path); });
  });
}

size_t nacre_config_error_message(const nacre_config_error* error, const char* file, char* buffer, size_t buffer_size) {
  return at_the_door([&] {
    const Result<nacre_config_error> known = taken(error);
    if (!known) return write_text(known.error().to_string(), buffer, buffer_size);
    const ConfigError whole{.line = known->line,
                            .column = known->column,
                            .message = std::string(known->message, strnlen(known->message, sizeof known->message))};
    return write_text(whole.to_string(file != nullptr ? file : "options"), buffer, buffer_size);
  });
}

nacre_status nacre_options_to_toml(const nacre_options* options, bool comments, nacre_string** toml,
                                   nacre_error* error) {
  return hand_out(toml, error, [&]() -> Result<nacre_string*> {
    NACRE_TRY_ASSIGN(const nacre_options given, taken(options));
    NACRE_TRY_ASSIGN(const Options how, as_options(given));
    return new nacre_string{comments ? to_commented_toml(how) : to_toml(how)};
  });
}
