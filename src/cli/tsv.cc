#include "cli/tsv.h"

namespace nacre::cli {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void append_escaped(std::string& out, Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    switch (c) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      default:
        if (byte < 0x20 || byte == 0x7f) {
          out += "\\x";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        } else {
          out += c;
        }
    }
  }
}

const char* unescape(Bytes text, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
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

const char* parse_tsv_line(Bytes line, TsvEntry& entry) {
  const size_t tab = line.find('\t');
  if (tab == Bytes::npos) return "there is no tab between key and value";
  if (line.find('\t', tab + 1) != Bytes::npos)
    return "there is more than one tab (write \\t for a tab in a key or value)";
  if (const char* wrong = unescape(line.substr(0, tab), entry.key)) return wrong;
  return unescape(line.substr(tab + 1), entry.value);
}

}  // namespace nacre::cli
