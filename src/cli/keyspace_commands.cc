// keyspaces: list, create, drop.

#include <algorithm>

#include "cli/command.h"
#include "cli/keyspace_list.h"
#include "cli/nearest.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

int list(const CommonOptions& common) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kReadOnly, &exit_code);
  if (!session) return exit_code;
  const auto lines = list_keyspaces(session->db);
  if (!lines) return fail("keyspaces", lines.error());
  print_keyspaces(stdout, *lines, common.json, is_terminal(stdout));
  return kSuccess;
}

int create(const CommonOptions& common, const std::string& name, const KeyspacesArguments& arguments) {
  std::string wrong;
  const KeyspaceOptions options = keyspace_options(arguments, wrong);
  if (!wrong.empty()) return fail_usage(wrong);
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kCreateIfMissing, &exit_code);
  if (!session) return exit_code;
  if (const auto created = session->db.create_keyspace(name, options); !created)
    return finish(*session, fail("keyspace " + name, created.error()));
  return finish(*session, kSuccess);
}

int drop(const CommonOptions& common, const std::string& name, bool yes) {
  int exit_code = kSuccess;
  auto session = open_session(common, OpenMode::kMustExist, &exit_code);
  if (!session) return exit_code;
  const std::vector<std::string> names = session->db.keyspaces();
  if (std::ranges::find(names, name) == names.end()) {
    fail_usage("there is no keyspace \"" + name + "\"" + did_you_mean(name, names));
    return finish(*session, kNotFound);
  }
  if (!yes && !confirmed("Drop keyspace " + visible(name) + " with all that is in it?"))
    return finish(*session, kUsage);
  if (const auto dropped = session->db.drop_keyspace(name); !dropped)
    return finish(*session, fail("keyspace " + name, dropped.error()));
  return finish(*session, kSuccess);
}

}  // namespace

int run_keyspaces(const CommonOptions& common, const KeyspacesArguments& arguments) {
  const auto name = argument_bytes(common, arguments.name);
  if (!name) return kUsage;
  const bool chosen = arguments.compression || arguments.bottom_compression || arguments.shape ||
                      arguments.filter_bits || arguments.block_bytes;
  if (chosen && arguments.action != "create") return fail_usage("options of a keyspace go with create");
  if (arguments.yes && arguments.action != "drop") return fail_usage("--yes goes with drop");
  if (arguments.action == "list") {
    return name->empty() ? list(common) : fail_usage("list takes no name; stats --keyspace NAME tells of one keyspace");
  }
  if (name->empty()) return fail_usage(arguments.action + " needs the NAME of a keyspace");
  return arguments.action == "create" ? create(common, *name, arguments) : drop(common, *name, arguments.yes);
}

}  // namespace nacre::cli
