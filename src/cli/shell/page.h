// Page: entries on a terminal, a line each: keys in a column as wide as the page needs, values cut to what is left of the line.
// Thread safety: none.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "nacre/bytes.h"

namespace nacre::cli {

class Page {
 public:
  Page(std::FILE* out, size_t columns) : out_(out), columns_(columns) {}
  ~Page() { flush(); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  // Text that is shown as it is (entry_text.h), and the size of the value that it shows.
  void add(std::string key, std::string value, size_t value_bytes);
  void flush();

 private:
  struct Line {
    std::string key;
    std::string value;
    size_t value_bytes;
  };
  void print(const Line& line) const;

  std::FILE* out_;
  size_t columns_;
  size_t key_columns_ = 0;
  std::vector<Line> lines_;
};

}  // namespace nacre::cli
