// Repair, and the nacre_repair_report.

#include "nacre/repair.h"

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/numbers.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<void> needed_report(const nacre_repair_report* report) { return needed(report, "the report is NULL"); }

Result<RepairOptions> as_repair_options(const nacre_repair_options* sized) {
  NACRE_TRY_ASSIGN(const nacre_repair_options given, taken(sized));
  if (given.reserved != 0) return invalid_argument(Operation::kConfigure, "reserved must be 0");
  RepairOptions options;
  if (given.memory_bytes != 0) options.memory_bytes = given.memory_bytes;
  options.log_past_damage = given.log_past_damage != 0;
  if (given.on_progress != nullptr) {
    options.progress = [tell = given.on_progress, context = given.progress_context](uint64_t done, uint64_t all) {
      tell(context, done, all);
    };
  }
  return options;
}

nacre_bytes bound_of(const std::optional<std::string>& key) { return key ? as_c(Bytes(*key)) : nacre_bytes{}; }

nacre_repair_finding as_c(const RepairFinding& finding) {
  return {.struct_size = sizeof(nacre_repair_finding),
          .kind = number_of(finding.kind),
          .reserved = 0,
          .file = capi::as_c(Bytes(finding.file)),
          .offset = finding.offset,
          .bytes = finding.bytes,
          .keyspace = capi::as_c(Bytes(finding.keyspace)),
          .from = bound_of(finding.from),
          .to = bound_of(finding.to),
          .entries = finding.entries,
          .what = capi::as_c(Bytes(finding.what))};
}

}  // namespace

nacre_status nacre_repair(const char* source, const char* into, const nacre_repair_options* options,
                          nacre_repair_report** report, nacre_error* error) {
  return hand_out(report, error, [&]() -> Result<nacre_repair_report*> {
    NACRE_TRY(needed(source, "the path of the source is NULL"));
    NACRE_TRY(needed(into, "the path of the new database is NULL"));
    NACRE_TRY_ASSIGN(const RepairOptions how, as_repair_options(options));
    NACRE_TRY_ASSIGN(RepairReport saved, repair(source, into, how));
    return new nacre_repair_report{std::move(saved)};
  });
}

nacre_status nacre_repair_report_totals(const nacre_repair_report* report, nacre_repair_totals* totals,
                                        nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_report(report));
    NACRE_TRY(fillable(totals));
    const RepairReport& found = report->report;
    give({.struct_size = sizeof(nacre_repair_totals),
          .keyspaces = found.keyspaces,
          .tables = found.tables,
          .log_records = found.log_records,
          .entries = found.entries,
          .bytes = found.bytes,
          .findings = found.findings.size(),
          .complete = found.complete() ? 1u : 0u,
          .reserved = 0},
         totals);
    return {};
  });
}

nacre_status nacre_repair_report_finding(const nacre_repair_report* report, size_t index, nacre_repair_finding* finding,
                                         nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_report(report));
    NACRE_TRY(fillable(finding));
    if (index >= report->report.findings.size())
      return invalid_argument(Operation::kNone, "there are fewer findings: they are counted from 0");
    give(as_c(report->report.findings[index]), finding);
    return {};
  });
}

nacre_status nacre_repair_report_is_doubtful(const nacre_repair_report* report, nacre_bytes keyspace, nacre_bytes key,
                                             bool* doubtful, nacre_error* error) {
  if (doubtful != nullptr) *doubtful = false;
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_report(report));
    NACRE_TRY(needed(doubtful, "there is no place for the answer: `doubtful` is NULL"));
    NACRE_TRY_ASSIGN(const Bytes where, as_bytes(keyspace));
    NACRE_TRY_ASSIGN(const Bytes which, as_bytes(key));
    *doubtful = report->report.is_doubtful(where, which);
    return {};
  });
}

void nacre_repair_report_free(nacre_repair_report* report) { delete report; }
