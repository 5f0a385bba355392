#include "cli/format_tsv.h"

namespace nacre::cli {

bool TsvReader::parse(Bytes line, Entry& entry) {
  const size_t tab = line.find('\t');
  if (tab == Bytes::npos) return wrong("there is no tab between key and value", line.size());
  if (const size_t other = line.find('\t', tab + 1); other != Bytes::npos)
    return wrong("there is more than one tab (write \\t for a tab in a key or value)", other);
  if (const DecodeError bad = decode(encoding_, line.substr(0, tab), key_, entry.key); bad.words != nullptr)
    return wrong(bad.words, bad.at);
  if (const DecodeError bad = decode(encoding_, line.substr(tab + 1), value_, entry.value); bad.words != nullptr)
    return wrong(bad.words, tab + 1 + bad.at);
  return true;
}

void TsvWriter::append(std::string& out, Bytes key, Bytes value) {
  append_encoded(out, encoding_, key);
  out += '\t';
  append_encoded(out, encoding_, value);
  out += '\n';
}

}  // namespace nacre::cli
