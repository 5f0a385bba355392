#include "cli/tsv.h"

#include <algorithm>

namespace nacre::cli {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool needs_escape(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f || c == '\\'; }

}  // namespace

void append_escaped(std::string& out, Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (size_t begin = 0; begin < bytes.size();) {
    const auto special = std::find_if(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.end(), needs_escape);
    const auto end = static_cast<size_t>(special - bytes.begin());
    out += bytes.substr(begin, end - begin);
    if (end == bytes.size()) break;
    const auto byte = static_cast<uint8_t>(bytes[end]);
    switch (bytes[end]) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      default:
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    begin = end + 1;
  }
}

const char* unescape(Bytes text, std::string& out, size_t* at) {
  out.clear();
  for (size_t i = 0; i < text.size(); i++) {
    const size_t backslash = std::min(text.find('\\', i), text.size());
    out += text.substr(i, backslash - i);
    i = backslash;
    if (i == text.size()) break;
    if (at != nullptr) *at = i;
    if (++i == text.size()) return "a backslash at the end begins no escape (write \\\\ for a backslash)";
    switch (text[i]) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case '\\': out += '\\'; break;
      case 'x': {
        const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) return "\\x must be followed by two hex digits";
        out += static_cast<char>(high * 16 + low);
        i += 2;
        break;
      }
      default: return "unknown escape (known are \\t \\n \\r \\\\ and \\xHH; write \\\\ for a backslash)";
    }
  }
  return nullptr;
}

}  // namespace nacre::cli
