// check, flush, compact, options.

#include <cstdio>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/tsv.h"

namespace nacre::cli {

namespace {

void print_findings(std::FILE* out, const std::vector<CheckFinding>& findings) {
  nlohmann::ordered_json object{{"sound", findings.empty()}, {"findings", nlohmann::ordered_json::array()}};
  for (const CheckFinding& finding : findings) {
    object["findings"].push_back(
        {{"error", finding.error.to_string()}, {"where", finding.detail}, {"offset", finding.error.offset}});
  }
  std::fprintf(out, "%s\n", json_text(object, 2, is_terminal(out)).c_str());
}

}  // namespace

int check_session(std::FILE* out, const CommonOptions& common, Session& session) {
  Result<std::vector<CheckFinding>> findings = std::vector<CheckFinding>{};
  {
    Progress progress("check", 0);
    findings = session.db.check([&progress](uint64_t done, uint64_t all) {
      progress.total(all);
      progress.update(done, 0);
    });
  }
  if (!findings) return fail("check", findings.error());
  if (common.json) {
    print_findings(out, *findings);
  } else {
    for (const CheckFinding& finding : *findings) {
      std::string line;
      append_visible_text(line, finding.error.to_string() + " (" + finding.detail + ")");
      std::fprintf(out, "%s\n", line.c_str());
    }
    if (findings->empty()) std::fprintf(out, "sound\n");
  }
  return findings->empty() ? kSuccess : kFailure;
}

int run_check(const CommonOptions& common) {
  int exit_code = kSuccess;
  Error refusal;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code, &refusal);
  if (session) return check_session(stdout, common, *session);
  const bool damaged = refusal.kind == ErrorKind::kCorruption || refusal.kind == ErrorKind::kUnsupported;
  if (common.json && damaged) print_findings(stdout, {{.error = refusal, .detail = "the open was refused"}});
  return exit_code;
}

int run_flush(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  if (const auto flushed = session->db.flush(); !flushed) return fail("flush", flushed.error());
  return finish(*session, kSuccess);
}

int run_compact(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  if (const auto compacted = session->db.compact(); !compacted) return fail("compact", compacted.error());
  return finish(*session, kSuccess);
}

int run_options(const CommonOptions& common) {
  const std::optional<Options> options = read_options(common);
  if (!options) return kUsage;
  std::fputs(to_commented_toml(*options).c_str(), stdout);
  return kSuccess;
}

}  // namespace nacre::cli
