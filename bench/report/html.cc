#include "bench/report/html.h"

#include "bench/workload/workload.h"
#include "bench_page.h"  // generated: kPageHtml, kPageCss, kPageJs, from page/

namespace bench {

namespace {

void replace(std::string& text, const std::string& mark, const std::string& with) {
  const size_t at = text.find(mark);
  if (at != std::string::npos) text.replace(at, mark.size(), with);
}

// JSON inside of <script>: nothing in it may look like the end of that.
std::string embeddable(const nlohmann::ordered_json& data) {
  std::string text = data.dump();
  for (size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
  return text;
}

}  // namespace

std::string html_report(const nlohmann::ordered_json& environment, const std::vector<nlohmann::ordered_json>& results) {
  std::string page = kPageHtml;
  replace(page, "/*STYLE*/", kPageCss);
  replace(page, "/*SCRIPT*/", kPageJs);
  nlohmann::ordered_json words;
  for (const Workload& workload : catalogue()) words[workload.name] = workload.words;
  replace(page, "/*RESULTS*/", embeddable({{"environment", environment}, {"words", words}, {"results", results}}));
  return page;
}

}  // namespace bench
