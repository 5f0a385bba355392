#include "cli/shell/interpreter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <fstream>
#include <map>
#include <sstream>

#include "base/prng.h"
#include "cli/shell/catalogue.h"
#include "cli/shell/scratch.h"

namespace nacre::cli {
namespace {

std::string contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Shell, PutsGetsErasesScans) {
  Scratch shell;
  EXPECT_EQ(shell("put a 1"), "");
  EXPECT_EQ(shell("put \"b c\" 'two words'"), "");
  EXPECT_EQ(shell("get a"), "1\n");
  EXPECT_EQ(shell("GET a"), "1\n");
  EXPECT_EQ(shell("get a 'b c' nothing"), "a\t1\nb c\ttwo words\n! no such key: nothing");
  EXPECT_EQ(shell.last().code, kNotFound);
  EXPECT_EQ(shell("put \"\\x00\\xff\" \"\\n\""), "");
  EXPECT_EQ(shell("scan"), "\\x00\xff\t\\n\na\t1\nb c\ttwo words\n");
  EXPECT_EQ(shell("scan --reverse --limit 1"), "b c\ttwo words\n");
  EXPECT_EQ(shell("scan from a to b keys"), "a\n");
  EXPECT_EQ(shell("scan --prefix=b --values"), "two words\n");
  EXPECT_EQ(shell("count"), "3\n");
  EXPECT_EQ(shell("del a"), "");
  EXPECT_EQ(shell("del a"), "! no such key: a");
  EXPECT_EQ(shell("del --from \"\" --yes"), "");
  EXPECT_EQ(shell("count"), "0\n");
}

TEST(Shell, PrintsJsonAndHex) {
  Scratch shell;
  shell("put k\xc3\xa4 \"\\xff\"");
  EXPECT_EQ(shell("mode"), "text\n");
  shell("mode json");
  EXPECT_EQ(shell("get k\xc3\xa4"), "{\"key\":\"k\xc3\xa4\",\"value_hex\":\"ff\"}\n");
  EXPECT_EQ(shell("count"), "{\"count\":1}\n");
  shell("mode hex");
  EXPECT_EQ(shell("get k\xc3\xa4"), "ff\n");
  EXPECT_EQ(shell("scan"), "6bc3a4\tff\n");
  EXPECT_NE(shell("mode jsn").find("did you mean \"json\"?"), std::string::npos);
}

TEST(Shell, KeyspacesAreMadeUsedAndDropped) {
  Scratch shell;
  EXPECT_EQ(shell("create users --compression zstd --filter-bits 8"), "");
  EXPECT_NE(shell("create users").find("! "), std::string::npos);
  EXPECT_EQ(shell("use users"), "");
  shell("put u 1");
  EXPECT_EQ(shell("use default"), "");
  EXPECT_EQ(shell("count"), "0\n");
  EXPECT_NE(shell("use usres").find("did you mean \"users\"?"), std::string::npos);
  EXPECT_NE(shell("create other --block-bytes 5").find("1024 to 65536"), std::string::npos);
  EXPECT_NE(shell("create other --shape round").find("lazy-leveled"), std::string::npos);
  EXPECT_NE(shell("keyspaces").find("users                1"), std::string::npos);
  EXPECT_NE(shell("drop users").find("--yes"), std::string::npos) << "nobody can be asked";
  EXPECT_EQ(shell("use users"), "");
  EXPECT_EQ(shell("drop users --yes"), "");
  EXPECT_EQ(shell.state().session.keyspace.name(), "default");
  EXPECT_NE(shell("drop default --yes").find("! "), std::string::npos);
}

TEST(Shell, WrongLinesNameTheColumn) {
  Scratch shell;
  const auto column = [&shell](const std::string& line) {
    const std::string text = shell(line);
    EXPECT_EQ(shell.last().code, kUsage) << line << ": " << text;
    EXPECT_GT(shell.last().words.size(), 10U) << line;
    return shell.last().column;
  };
  EXPECT_EQ(column("  gett a"), 3U);
  EXPECT_NE(shell.last().words.find("did you mean \"get\"?"), std::string::npos);
  EXPECT_EQ(column("put a"), 6U);
  EXPECT_EQ(column("put a b c"), 9U);
  EXPECT_EQ(column("put a \"b"), 7U);
  EXPECT_EQ(column("scan --limt 5"), 6U);
  EXPECT_NE(shell.last().words.find("did you mean \"--limit\"?"), std::string::npos);
  EXPECT_EQ(column("scan limit five"), 12U);
  EXPECT_EQ(column("scan limit -1"), 12U);
  EXPECT_EQ(column("scan limit 99999999999999999999"), 12U);
  EXPECT_EQ(column("scan --limit"), 6U);
  EXPECT_EQ(column("scan --reverse=1"), 6U);
  EXPECT_EQ(column("scan --from a --from b"), 15U);
  EXPECT_EQ(column("scan user:"), 6U);
  EXPECT_EQ(column("get --nonsense"), 5U);
  EXPECT_EQ(column("help nonsense"), 6U);
  EXPECT_EQ(column("begin now"), 7U);
  EXPECT_EQ(shell("get \"--nonsense\""), "! no such key: \"--nonsense\"") << "quoted, it is a key";
  EXPECT_EQ(shell("get -- --nonsense"), "! no such key: \"--nonsense\"");
  EXPECT_EQ(shell("put " + std::string(70'000, 'k') + " v").substr(0, 2), "! ") << "longer than a key may be";
  EXPECT_EQ(shell(""), "");
  EXPECT_EQ(shell("   # nothing"), "");
}

TEST(Shell, TransactionsBatchesSnapshots) {
  Scratch shell;
  shell("put a 1");
  shell("begin");
  shell("put b 2");
  shell("del a");
  EXPECT_EQ(shell("get a"), "! no such key: a");
  EXPECT_EQ(shell("scan"), "b\t2\n");
  EXPECT_EQ(shell("count prefix a"), "0\n");
  EXPECT_NE(shell("batch").find("! a transaction is open"), std::string::npos);
  EXPECT_NE(shell("del --prefix a --yes").find("single keys"), std::string::npos);
  shell("rollback");
  EXPECT_EQ(shell("scan"), "a\t1\n");
  shell("begin");
  shell("put b 2");
  shell("commit");
  EXPECT_EQ(shell("get b"), "2\n");
  EXPECT_NE(shell("commit").find("! there is no transaction"), std::string::npos);
  shell("batch");
  shell("put c 3");
  shell("del --from a --to c --yes");
  EXPECT_EQ(shell("scan"), "a\t1\nb\t2\n") << "nothing before write";
  EXPECT_NE(shell.state().open_work(), "");
  shell("write");
  EXPECT_EQ(shell.state().open_work(), "");
  EXPECT_EQ(shell("scan"), "c\t3\n");
  shell("snapshot");
  shell("put d 4");
  EXPECT_EQ(shell("count"), "1\n");
  EXPECT_EQ(shell("get d"), "! no such key: d");
  shell("release");
  EXPECT_EQ(shell("count"), "2\n");
}

TEST(Shell, ReadsOnly) {
  Scratch shell;
  shell("put a 1");
  shell.reopen(true);
  for (const Command& command : catalogue()) {
    if (!command.writes) continue;
    EXPECT_NE(shell(command.name).find("only reads"), std::string::npos) << command.name;
  }
  EXPECT_EQ(shell("get a"), "1\n");
  EXPECT_EQ(shell("check"), "sound\n");
}

TEST(Shell, OutputGoesToAFile) {
  Scratch shell;
  shell("put a 1");
  EXPECT_EQ(shell("output " + as_word(shell.file("out"))), "");
  EXPECT_EQ(shell("scan"), "");
  EXPECT_EQ(shell("output"), "");
  EXPECT_EQ(contents(shell.file("out")), "a\t1\n");
  EXPECT_NE(shell("output " + as_word(shell.file("no/such"))).find("cannot be written"), std::string::npos);
  EXPECT_EQ(shell("get a"), "1\n") << "it still goes here";
}

TEST(Shell, ScriptsStopAtTheFirstErrorOrGoOn) {
  Scratch shell;
  const auto script = [&shell](const std::string& text, bool keep_going) {
    std::ofstream(shell.file("script")) << text;
    std::FILE* file = std::fopen(shell.file("script").c_str(), "rb");
    const ExitCode code = shell.shell().run_script(file, "script", keep_going);
    std::fclose(file);
    return code;
  };
  EXPECT_EQ(script("put a 1\nget nothing\n\n# comment\nput b 2", false), kNotFound);
  EXPECT_EQ(shell.told(), "script line 2: no such key: nothing\n");
  EXPECT_EQ(shell("count"), "2\n");
  EXPECT_EQ(script("put c 3\nput \"d\nput e 5\n", false), kUsage);
  EXPECT_EQ(shell.told().substr(0, 25), "script line 2, column 5: ");
  EXPECT_EQ(shell("count"), "3\n") << "nothing after the error";
  EXPECT_EQ(script("put \"d\nput e 5\n", true), kUsage);
  EXPECT_EQ(shell("count"), "4\n");
  EXPECT_EQ(script("put f 6\nexit\nput g 7\n", false), kSuccess);
  EXPECT_TRUE(shell.state().leaving);
}

TEST(Shell, AScriptMayReadAScriptButNotItself) {
  Scratch shell;
  std::ofstream(shell.file("inner")) << "put inner 1\n";
  std::ofstream(shell.file("itself")) << "read " << as_word(shell.file("itself")) << "\n";
  EXPECT_EQ(shell("read " + as_word(shell.file("inner"))), "");
  EXPECT_EQ(shell("get inner"), "1\n");
  shell("read " + as_word(shell.file("itself")));
  EXPECT_EQ(shell.last().code, kUsage);
  EXPECT_NE(shell.told().find("scripts read each other"), std::string::npos);
  EXPECT_NE(shell("read " + as_word(shell.file("nothing"))).find("cannot be read"), std::string::npos);
  EXPECT_NE(shell("read " + as_word(shell.file("db"))).find("cannot be read"), std::string::npos);
}

TEST(Shell, PagesStopAndGoOn) {
  Scratch shell;
  shell.state().manner.interactive = true;
  for (int i = 0; i < 250; i++) shell("put k" + std::to_string(100 + i) + " v");
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  for (const char* scan : {"scan", "scan reverse"}) {
    std::string all = shell(scan);
    EXPECT_EQ(lines(all), 100);
    EXPECT_NE(shell.told().find("there is more"), std::string::npos);
    all += shell("more");
    EXPECT_EQ(lines(all), 200);
    all += shell("more");
    EXPECT_EQ(all, shell(std::string(scan) + " limit 1000"));
    EXPECT_NE(shell("more").find("! there is no scan"), std::string::npos);
  }
  EXPECT_EQ(lines(shell("scan limit 150")), 150) << "a limit that was asked for is one page";
}

TEST(Shell, CtrlCStopsAScan) {
  Scratch shell;
  for (int i = 0; i < 10; i++) shell("put k" + std::to_string(i) + " v");
  std::atomic<bool> stop{true};
  shell.state().manner.stop = &stop;
  EXPECT_EQ(shell("scan"), "! stopped by Ctrl-C");
  EXPECT_EQ(shell("count").substr(0, 22), "! stopped by Ctrl-C at");
  EXPECT_EQ(shell("put k new"), "") << "a write is never half done";
  stop = false;
  EXPECT_EQ(shell("get k"), "new\n");
}

TEST(Shell, ATerminalIsShownNothingThatItObeys) {
  Scratch shell;
  shell.state().manner.terminal = true;
  shell("put \"\\x1b[31m\" \"\\x1b]0;title\\x07\\xc2\\x9b\"");
  shell("put long " + std::string(500, 'x'));
  for (const char* line : {"scan", "scan --full", "scan --keys", "get \"\\x1b[31m\"", "get \"\\x1b[31m\" long",
                           "mode hex", "scan", "mode json", "scan", "get \"\\x1b[31m\""}) {
    const std::string text = shell(line);
    EXPECT_EQ(text.find_first_of("\x1b\x07\x9b"), std::string::npos) << line;
  }
  shell("mode text");
  std::istringstream page(shell("scan"));
  for (std::string line; std::getline(page, line);) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_NE(shell("scan --full").find(std::string(500, 'x')), std::string::npos);
}

TEST(Shell, EveryCommandHasItsHelp) {
  Scratch shell;
  const std::string list = shell("help");
  for (const Command& command : catalogue()) {
    EXPECT_NE(list.find("  " + command.name + " "), std::string::npos) << command.name;
    EXPECT_LE(14 + command.summary.size(), 48U) << command.name;
    const std::string help = shell("help " + command.name);
    EXPECT_EQ(help.find(command.name), 0U);
    for (const CommandOption& option : command.options)
      EXPECT_NE(help.find("--" + option.name), std::string::npos) << command.name << " --" << option.name;
    EXPECT_EQ(find_command(command.name), &command) << "two commands of one name";
  }
}

// Random lines against maps.
TEST(Shell, DoesWhatAMapDoes) {
  Scratch shell;
  base::Prng prng(11);
  std::map<std::string, std::string> now;
  std::map<std::string, std::string> seen;  // what the open transaction or snapshot sees, or the batch will make
  enum { kNone, kTransaction, kBatch, kSnapshot } open = kNone;
  for (int round = 0; round < 4000; round++) {
    const std::string key = {static_cast<char>(prng.below(4) * 85), static_cast<char>('a' + prng.below(4))};
    std::map<std::string, std::string>& written = open == kTransaction || open == kBatch ? seen : now;
    const std::map<std::string, std::string>& read = open == kTransaction || open == kSnapshot ? seen : now;
    switch (prng.below(8)) {
      case 0:
      case 1: {
        const std::string value = std::to_string(prng.below(1000));
        ASSERT_EQ(shell("put " + as_word(key) + " " + value), "");
        written[key] = value;
        break;
      }
      case 2:
        shell("del " + as_word(key));
        written.erase(key);
        break;
      case 3:
        ASSERT_EQ(shell("get " + as_word(key)),
                  read.contains(key) ? read.at(key) + "\n" : "! no such key: " + as_word(key));
        break;
      case 4: {
        std::string expected;
        for (auto entry = read.lower_bound(key); entry != read.end(); ++entry) expected += entry->second + "\n";
        ASSERT_EQ(shell("scan values from " + as_word(key)), expected);
        break;
      }
      case 5:
        ASSERT_EQ(shell("count to " + as_word(key)),
                  std::to_string(std::distance(read.begin(), read.lower_bound(key))) + "\n");
        break;
      case 6:
        if (open == kNone) {
          open = std::array{kTransaction, kBatch, kSnapshot}[prng.below(3)];
          ASSERT_EQ(shell(open == kTransaction ? "begin" : open == kBatch ? "batch" : "snapshot"), "");
          seen = now;
        }
        break;
      case 7:
        if (open == kNone) break;
        if (prng.below(2) == 0 && open != kSnapshot) {
          ASSERT_EQ(shell(open == kTransaction ? "commit" : "write"), "");
          now = seen;
        } else {
          ASSERT_EQ(shell(open == kTransaction ? "rollback" : open == kBatch ? "discard" : "release"), "");
        }
        open = kNone;
        break;
    }
  }
}

}  // namespace
}  // namespace nacre::cli
