#include "cli/live_page.h"

#include "cli/page_text.h"

namespace nacre::cli {

namespace {

void replace(std::string& page, const std::string& mark, const char* text) {
  page.replace(page.find(mark), mark.size(), text);
}

}  // namespace

const std::string& live_page() {
  static const std::string page = [] {
    std::string text = kPageHtml;
    replace(text, "/*STYLE*/", kPageCss);
    replace(text, "/*SCRIPT*/", kPageJs);
    return text;
  }();
  return page;
}

}  // namespace nacre::cli
