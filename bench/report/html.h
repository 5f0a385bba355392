// The page: one file with the results, a style and a script in it; it loads nothing. What it shows is made by the script
// (page/report.js) from the results, in the reader's browser.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bench {

std::string html_report(const nlohmann::ordered_json& environment, const std::vector<nlohmann::ordered_json>& results);

}  // namespace bench
