// dump, repair: the commands for damaged databases. They open files themselves, not through a Db.

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/tsv.h"
#include "nacre/inspect.h"
#include "nacre/repair.h"

namespace nacre::cli {

namespace {

unsigned long long wide(uint64_t number) { return number; }

// In quotes, on one line, safe for a terminal: what is no printable text becomes \xHH, which --escaped reads again.
std::string in_quotes(Bytes bytes) {
  const bool text = is_utf8(bytes);
  std::string escaped;
  append_escaped(escaped, bytes);
  std::string out = "\"";
  for (const char c : escaped) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte != 0x7f && byte != '"' && (byte < 0x80 || text)) {
      out += c;
      continue;
    }
    char hex[8];
    std::snprintf(hex, sizeof hex, "\\x%02x", byte);
    out += hex;
  }
  return out + "\"";
}

void print_line(const InspectItem& item) {
  std::string line;
  for (const InspectField& field : item.fields) {
    line += std::string("  ") + field.name + "=";
    switch (field.kind) {
      case InspectField::Kind::kNumber: line += std::to_string(field.number); break;
      case InspectField::Kind::kWord: line += field.text; break;
      case InspectField::Kind::kBytes: line += in_quotes(field.text); break;
    }
  }
  std::printf("%12llu %10llu %s%*s%-10s%s\n", wide(item.offset), wide(item.bytes), item.damaged ? "!" : " ",
              static_cast<int>(2 * item.depth), "", item.what, line.c_str());
}

void print_json(const InspectItem& item) {
  nlohmann::ordered_json object{
      {"what", item.what}, {"depth", item.depth}, {"offset", item.offset}, {"bytes", item.bytes}};
  if (item.damaged) object["damaged"] = true;
  for (const InspectField& field : item.fields) {
    switch (field.kind) {
      case InspectField::Kind::kNumber: object[field.name] = field.number; break;
      case InspectField::Kind::kWord: object[field.name] = field.text; break;
      case InspectField::Kind::kBytes: set_bytes(object, field.name, field.text); break;
    }
  }
  std::printf("%s\n", object.dump().c_str());
}

}  // namespace

int run_dump(const CommonOptions& common, const DumpArguments& arguments) {
  std::error_code ignored;
  if ((arguments.keys || arguments.values || arguments.block) &&
      std::filesystem::is_directory(common.database, ignored))
    return fail_usage("--keys, --values and --block are of one file, and " + common.database + " is a directory");
  const InspectOptions options{
      .entries = arguments.keys || arguments.values, .values = arguments.values, .block = arguments.block};
  uint64_t items = 0;
  uint64_t damaged = 0;
  const auto inspected = inspect(common.database, options, [&](const InspectItem& item) {
    damaged += item.damaged;
    if (items++ == 0 && !common.json) std::printf("%12s %10s   %s\n", "offset", "bytes", "what");
    common.json ? print_json(item) : print_line(item);
    return !has_failed(stdout);
  });
  if (!inspected) {
    const int code = fail(common.database, inspected.error());
    return inspected.error().kind == ErrorKind::kNotFound ? kNotFound : code;
  }
  if (damaged == 0) return kSuccess;
  std::fflush(stdout);
  std::fprintf(stderr, "nacre: %s: damaged in %llu places, marked with !\n", common.database.c_str(), wide(damaged));
  return kFailure;
}

namespace {

const char* word_for(RepairFinding::Kind kind) {
  switch (kind) {
    case RepairFinding::Kind::kLost: return "lost";
    case RepairFinding::Kind::kDoubtful: return "doubtful";
    case RepairFinding::Kind::kNote: return "note";
  }
  return "";
}

void print_finding(const RepairFinding& finding) {
  std::string line = std::string(word_for(finding.kind)) + ": ";
  if (!finding.file.empty()) {
    line += finding.file + " at " + std::to_string(finding.offset);
    if (finding.bytes != 0) line += ", " + std::to_string(finding.bytes) + " bytes";
    line += ": ";
  }
  line += finding.what;
  if (finding.kind != RepairFinding::Kind::kNote) {
    line += "; keys " + (finding.from ? "from " + in_quotes(*finding.from) : "from the first") +
            (finding.to ? " to " + in_quotes(*finding.to) : " to the last") +
            (finding.keyspace.empty() ? " of every keyspace" : " of keyspace " + in_quotes(finding.keyspace));
    if (finding.entries != 0) line += ", " + std::to_string(finding.entries) + " entries";
  }
  std::printf("%s\n", line.c_str());
}

nlohmann::ordered_json to_json(const RepairFinding& finding) {
  nlohmann::ordered_json object{{"kind", word_for(finding.kind)}, {"what", finding.what}};
  if (!finding.file.empty()) object["file"] = finding.file;
  object["offset"] = finding.offset;
  object["bytes"] = finding.bytes;
  if (!finding.keyspace.empty()) set_bytes(object, "keyspace", finding.keyspace);
  if (finding.from) set_bytes(object, "from", *finding.from);
  if (finding.to) set_bytes(object, "to", *finding.to);
  if (finding.entries != 0) object["entries"] = finding.entries;
  return object;
}

void print_report(const RepairReport& report, bool json) {
  if (json) {
    nlohmann::ordered_json object{{"complete", report.complete()},
                                  {"keyspaces", report.keyspaces},
                                  {"tables", report.tables},
                                  {"log_records", report.log_records},
                                  {"entries", report.entries},
                                  {"bytes", report.bytes},
                                  {"findings", nlohmann::ordered_json::array()}};
    for (const RepairFinding& finding : report.findings) object["findings"].push_back(to_json(finding));
    std::printf("%s\n", object.dump(2).c_str());
    return;
  }
  for (const RepairFinding& finding : report.findings) print_finding(finding);
  std::printf("saved %llu entries (%llu bytes) of %llu keyspaces, from %llu tables and %llu log records\n",
              wide(report.entries), wide(report.bytes), wide(report.keyspaces), wide(report.tables),
              wide(report.log_records));
  std::printf("%s\n", report.complete() ? "all that the source held was saved"
                                        : "NOT ALL WAS SAVED: see what is listed as lost or doubtful");
}

}  // namespace

int run_repair(const CommonOptions& common, const RepairArguments& arguments) {
  RepairOptions options{.log_past_damage = arguments.log_past_damage};
  std::optional<Progress> progress;
  options.progress = [&progress](uint64_t done, uint64_t all) {
    if (!progress) progress.emplace("repair", all);
    progress->update(done, 0);
  };
  const auto report = repair(common.database, arguments.into, options);
  progress.reset();
  if (!report) return fail("repair " + common.database + " into " + arguments.into, report.error());
  print_report(*report, common.json);
  return report->complete() ? kSuccess : kFailure;
}

}  // namespace nacre::cli
