#include "cli/terminal.h"

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "cli/json.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

int kept_errno = 0;  // why writing failed

size_t length_of_character(char first) {
  const auto byte = static_cast<uint8_t>(first);
  return byte < 0x80 ? 1 : (byte >> 5) == 6 ? 2 : (byte >> 4) == 14 ? 3 : 4;
}

uint32_t code_of(Bytes character) {
  if (character.size() == 1) return static_cast<uint8_t>(character[0]);
  uint32_t code = static_cast<uint8_t>(character[0]) & (0xffU >> (character.size() + 1));
  for (size_t i = 1; i < character.size(); i++) code = code << 6 | (static_cast<uint8_t>(character[i]) & 0x3f);
  return code;
}

// What a terminal obeys, or draws elsewhere than in its place.
bool is_command(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c || code == 0x180e ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x206f) || (code >= 0xe000 && code < 0xf900) || code == 0xfeff ||
         (code >= 0xfff0 && code <= 0xffff) || code >= 0xe0000;
}

void append_hex(std::string& out, Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    out += "\\x";
    out += kHex[static_cast<uint8_t>(c) >> 4];
    out += kHex[static_cast<uint8_t>(c) & 15];
  }
}

}  // namespace

void choose_character_set() {
  if (std::setlocale(LC_CTYPE, "") != nullptr) return;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    if (std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr) {
      std::setlocale(LC_CTYPE, "C.UTF-8");
    }
    return;
  }
}

bool speaks_utf8() { return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0; }

bool is_terminal(std::FILE* file) { return isatty(fileno(file)) == 1; }

int terminal_columns(std::FILE* file) {
  winsize size{};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool has_failed(std::FILE* file) {
  if (std::ferror(file) == 0) return false;
  // Whoever asks late finds the reason of something else there.
  const bool is_reason = errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO || errno == EPIPE ||
                         errno == EBADF || errno == EACCES || errno == EROFS;
  if (kept_errno == 0 && is_reason) kept_errno = errno;
  return true;
}

std::string why_failed() { return kept_errno == 0 ? "" : std::string(": ") + std::strerror(kept_errno); }

bool is_closed_pipe(std::FILE* file) {
  pollfd state{.fd = fileno(file)};
  return poll(&state, 1, 0) == 1 && (state.revents & POLLERR) != 0;
}

void append_visible(std::string& out, Bytes bytes) {
  const bool utf8 = speaks_utf8();
  for (size_t i = 0; i < bytes.size();) {
    if (static_cast<uint8_t>(bytes[i]) < 0x80) {
      append_escaped(out, bytes.substr(i, 1));
      i++;
      continue;
    }
    const Bytes character = bytes.substr(i, length_of_character(bytes[i]));
    if (utf8 && is_utf8(character) && !is_command(code_of(character))) {
      out += character;
      i += character.size();
    } else {
      append_hex(out, bytes.substr(i, 1));
      i++;
    }
  }
}

void append_visible_text(std::string& out, Bytes bytes) {
  for (size_t begin = 0; begin <= bytes.size();) {
    const size_t end = std::min(bytes.find_first_of("\n\t\\", begin), bytes.size());
    append_visible(out, bytes.substr(begin, end - begin));
    if (end < bytes.size()) out += bytes[end];
    begin = end + 1;
  }
}

std::string visible(Bytes bytes) {
  std::string out;
  append_visible(out, bytes);
  return out;
}

size_t display_width(Bytes text) {
  size_t width = 0;
  std::mbstate_t state{};
  for (size_t i = 0; i < text.size();) {
    wchar_t wide = 0;
    const size_t length = std::mbrtowc(&wide, text.data() + i, text.size() - i, &state);
    if (length == 0 || length > text.size() - i) {  // no character of this locale
      state = {};
      width++;
      i++;
      continue;
    }
    const int columns = wcwidth(wide);
    width += columns < 0 ? 1 : static_cast<size_t>(columns);
    i += length;
  }
  return width;
}

std::string shortened(const std::string& text, size_t columns) {
  if (text.size() <= columns || display_width(text) <= columns) return text;
  std::string begin;
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const std::string character = text.substr(i, length_of_character(text[i]));
    width += display_width(character);
    if (width + 3 > columns) break;
    begin += character;
    i += character.size();
  }
  return begin + "...";
}

std::string wrapped(const std::string& text, size_t indent, size_t columns) {
  std::string lines;
  size_t column = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const Bytes word = Bytes(text).substr(begin, end - begin);
    const size_t width = display_width(word);
    if (column != 0 && column + 1 + width > columns) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column != 0) {
      lines += ' ';
      column++;
    }
    lines += word;
    column += width;
    begin = end + 1;
  }
  return lines;
}

}  // namespace nacre::cli
