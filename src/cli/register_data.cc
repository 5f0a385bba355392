// The words of put, get, del, scan.

#include "cli/command_line.h"

namespace nacre::cli {

namespace {

void add_put(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* put =
      line.in_keyspace(line.add("put", "Store a value", [&] { return run_put(arguments.common, arguments.put); }));
  put->add_option("KEY", arguments.put.key, "Key")->required();
  CLI::Option* value = put->add_option("VALUE", arguments.put.value, "Value; -: what standard input has");
  put->add_option("--value-file", arguments.put.value_file, "Take the value from this file, byte for byte")
      ->excludes(value);
  line.writes(put);
  line.takes_bytes(put);
}

void add_get(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* get = line.in_keyspace(line.add("get", "Print the value of a key, or keys with their values",
                                            [&] { return run_get(arguments.common, arguments.keys); }));
  get->add_option("KEY", arguments.keys, "Key; of several, those that are there are printed as by scan")->required();
  get->add_flag("--hex", arguments.common.hex, "Print bytes as hex digits");
  line.takes_bytes(get);
  line.prints_json(get);
}

void add_del(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* del = line.in_keyspace(line.add("del", "Erase keys, or a range of them",
                                            [&] { return run_del(arguments.common, arguments.keys, arguments.del); }));
  del->add_option("KEY", arguments.keys, "Keys to erase; none with --prefix, --from, --to");
  line.takes_bounds(del, arguments.del.bounds);
  del->add_flag("--yes", arguments.del.yes, "Erase a range without asking");
  line.writes(del);
  line.takes_bytes(del);
}

void add_scan(CommandLine& line) {
  Arguments& arguments = line.arguments();
  CLI::App* scan = line.in_keyspace(
      line.add("scan", "Print entries in key order", [&] { return run_scan(arguments.common, arguments.scan); }));
  line.takes_bounds(scan, arguments.scan);
  scan->add_flag("--reverse", arguments.scan.reverse, "From the last key to the first");
  scan->add_option("--limit", arguments.scan.limit, "At most so many entries")->check(is_count, "UINT");
  CLI::Option* count = scan->add_flag("--count", arguments.scan.count, "Only say how many entries there are");
  CLI::Option* keys = scan->add_flag("--keys-only", arguments.scan.keys_only, "Print no values");
  scan->add_flag("--values-only", arguments.scan.values_only, "Print no keys")->excludes(keys)->excludes(count);
  keys->excludes(count);
  scan->add_flag("--hex", arguments.common.hex, "Print bytes as hex digits");
  line.takes_bytes(scan);
  line.prints_json(scan);
}

}  // namespace

void add_data_commands(CommandLine& line) {
  add_put(line);
  add_get(line);
  add_del(line);
  add_scan(line);
}

}  // namespace nacre::cli
