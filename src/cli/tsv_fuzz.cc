// The tool's TSV: a line that parses is written again and parses to the same; any bytes survive a round trip.

#include "base/fuzzing.h"
#include "cli/tsv.h"

namespace nacre::cli {
namespace {

void run(Bytes bytes) {
  TsvEntry entry;
  const char* wrong = parse_tsv_line(bytes, entry);
  if (wrong == nullptr) {
    NACRE_CHECK(entry.key.size() + entry.value.size() + 1 <= bytes.size());
    std::string line;
    append_escaped(line, entry.key);
    line += '\t';
    append_escaped(line, entry.value);
    NACRE_CHECK(line.find('\n') == std::string::npos);
    TsvEntry same;
    NACRE_CHECK(parse_tsv_line(line, same) == nullptr && same.key == entry.key && same.value == entry.value);
  } else {
    NACRE_CHECK(Bytes(wrong).size() > 10);  // it is said in words
  }
  std::string escaped;
  append_escaped(escaped, bytes);
  NACRE_CHECK(escaped.size() <= 4 * bytes.size());
  std::string plain;
  NACRE_CHECK(unescape(escaped, plain) == nullptr && plain == bytes);
}

std::vector<std::string> seeds() {
  return {"key\tvalue", "a\\tb\\n\\\\\tv\\x00\\xfF\\r", "no tab", "two\ttabs\there", "bad\\q\tescape", "short\\x1\tx",
          "end\t\\"};
}

const fuzz::Registration kHere({.name = "tsv", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::cli
