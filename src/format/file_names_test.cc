#include "format/file_names.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace nacre::format {
namespace {

TEST(FileNames, AreWhatTheFieldIsUsedTo) {
  EXPECT_EQ(manifest_name(1), "MANIFEST-000001");
  EXPECT_EQ(log_name(12), "000012.wal");
  EXPECT_EQ(table_name(13), "000013.sst");
  EXPECT_EQ(blob_name(14), "000014.blob");
  EXPECT_EQ(reserve_name(15), "000015.reserve");
  EXPECT_EQ(report_name(0), "LOG");
  EXPECT_EQ(report_name(1), "LOG.1");
  EXPECT_EQ(table_name(1234567), "1234567.sst");
  EXPECT_EQ(table_name(~uint64_t{0}), "18446744073709551615.sst");
}

TEST(FileNames, RoundTrip) {
  for (const NameKind kind :
       {NameKind::kCurrent, NameKind::kManifest, NameKind::kLog, NameKind::kTable, NameKind::kBlob, NameKind::kReserve,
        NameKind::kLock, NameKind::kStats, NameKind::kReport, NameKind::kRepairMark}) {
    for (const uint64_t number : {uint64_t{1}, uint64_t{999999}, uint64_t{1000000}, ~uint64_t{0}}) {
      for (const bool temporary : {false, true}) {
        const bool has_number = is_numbered(kind) || kind == NameKind::kReport;
        const FileName name{.kind = kind, .number = has_number ? number : 0, .temporary = temporary};
        const auto parsed = parse_name(make_name(name));
        ASSERT_TRUE(parsed.has_value()) << make_name(name);
        EXPECT_EQ(*parsed, name);
      }
    }
  }
  EXPECT_EQ(parse_name(kCurrentTemporaryName), (FileName{.kind = NameKind::kCurrent, .temporary = true}));
  EXPECT_EQ(parse_name("LOG"), (FileName{.kind = NameKind::kReport}));
}

TEST(FileNames, DifferInKindNumberAndSuffix) {
  const FileName name{.kind = NameKind::kTable, .number = 3};
  EXPECT_FALSE((name == FileName{.kind = NameKind::kLog, .number = 3}));
  EXPECT_FALSE((name == FileName{.kind = NameKind::kTable, .number = 4}));
  EXPECT_FALSE((name == FileName{.kind = NameKind::kTable, .number = 3, .temporary = true}));
}

TEST(FileNames, LikenessesAreSomebodyElses) {
  for (const char* name : {"",
                           ".",
                           "..",
                           ".sst",
                           "sst",
                           "13.sst",
                           "0000013.sst",
                           "000000.sst",
                           "000013.SST",
                           "000013.sst ",
                           " 000013.sst",
                           "+00013.sst",
                           "-00013.sst",
                           "0x0013.sst",
                           "00001a.sst",
                           "000013.ldb",
                           "000013",
                           "000013.sst.bak",
                           "000013.sst.tmp.tmp",
                           ".tmp",
                           "MANIFEST-",
                           "MANIFEST-1",
                           "MANIFEST-000000",
                           "MANIFEST-0000001",
                           "manifest-000001",
                           "MANIFEST-000001x",
                           "CURRENT.",
                           "CURRENT.bak",
                           "current",
                           "LOCK1",
                           "LOG.",
                           "LOG.0",
                           "LOG.01",
                           "LOG.old",
                           "LOG-1",
                           "REPAIR-UNFINISHED.1",
                           "18446744073709551616.sst",
                           "99999999999999999999999.wal",
                           "lost+found",
                           "IDENTITY",
                           "OPTIONS-000005"}) {
    EXPECT_FALSE(parse_name(name).has_value()) << name;
  }
  EXPECT_FALSE(parse_name(Bytes("000013.sst\0", 11)).has_value());
}

TEST(FileNames, ParsingAnythingMakesTheSameNameAgain) {
  base::Prng prng(7);
  const Bytes alphabet = "0123456789.MANIFEST-CURENTLOGwalsbtmpo";
  for (int i = 0; i < 200000; i++) {
    std::string name;
    for (uint64_t length = prng.below(18); length > 0; length--) name += alphabet[prng.below(alphabet.size())];
    if (const auto parsed = parse_name(name)) {
      ASSERT_EQ(make_name(*parsed), name);
    }
  }
}

}  // namespace
}  // namespace nacre::format
