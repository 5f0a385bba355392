// Mending leaves sound files as they are, and makes damaged ones pass their checksums.
#include "format/mend.h"

#include <gtest/gtest.h>

#include "format/index_builder.h"

namespace nacre::format {
namespace {

std::string manifest() {
  const ManifestHeader header{.uuid = Uuid::from_random(1, 2), .number = 3};
  std::string file = encode_manifest_header(header);
  append_manifest_record(file, header, file.size(), "payload");
  append_manifest_record(file, header, file.size(), {});
  return file;
}

TEST(Mend, LeavesASoundManifestAsItIs) {
  std::string file = manifest();
  testing::mend_manifest(file);
  EXPECT_EQ(file, manifest());
}

TEST(Mend, ADamagedManifestPassesItsChecksums) {
  std::string file = manifest();
  file[kManifestHeaderBytes + kManifestRecordHeaderBytes] = 'P';
  file[48] = 9;
  testing::mend_manifest(file);
  const ManifestHeader header = decode_manifest_header(file).value();
  EXPECT_EQ(header.number, 9U);
  ManifestReader reader(file, header);
  EXPECT_EQ(reader.next().value().value(), "Payload");
  EXPECT_FALSE(reader.next().value());
  EXPECT_TRUE(reader.last_acknowledged());
}

TEST(Mend, CurrentGetsItsChecksum) {
  const std::string sound = encode_current({.manifest_number = 12, .uuid = Uuid::from_random(3, 4)});
  std::string text = sound;
  testing::mend_current(text);
  EXPECT_EQ(text, sound);
  text[14] = '7';
  testing::mend_current(text);
  EXPECT_EQ(decode_current(text).value().manifest_number, 17U);
}

std::string table(const TableIdentity& id) {
  os::LargeString file("a data block of nothing");
  append_stored_trailer(&file, 0, StoredKind::kData, Compression::kNone, file.size(), id.checksum_seed(0));
  const uint64_t index_at = file.size();
  IndexBuilder index(0);
  index.add("fence", index_at);
  const std::string image = index.finish();
  file += image;
  append_stored_trailer(&file, index_at, StoredKind::kIndex, Compression::kNone, image.size(),
                        id.checksum_seed(index_at));
  const uint64_t properties_at = file.size();
  file += "properties";
  append_stored_trailer(&file, properties_at, StoredKind::kProperties, Compression::kNone, 10,
                        id.checksum_seed(properties_at));
  return std::string(file) + encode_footer({.tombstones_at = index_at,
                                            .filter_at = index_at,
                                            .index_at = index_at,
                                            .properties_at = properties_at,
                                            .file_bytes = file.size() + kFooterBytes,
                                            .identity = id});
}

TEST(Mend, EveryBlockOfATableGetsItsChecksum) {
  const TableIdentity id{.uuid = Uuid::from_random(5, 6), .number = 7};
  std::string file = table(id);
  testing::mend_table(file);
  EXPECT_EQ(file, table(id));
  const Footer footer = decode_footer(Bytes(file).substr(file.size() - kFooterBytes), file.size(), id).value();
  file[0] = 'A';
  file[footer.properties_at] = 'P';
  file[file.size() - 20] = 0;  // a byte of the footer
  testing::mend_table(file);
  EXPECT_TRUE(decode_footer(Bytes(file).substr(file.size() - kFooterBytes), file.size(), id));
  EXPECT_TRUE(open_stored(Bytes(file).substr(0, footer.index_at), StoredKind::kData, id.checksum_seed(0)));
  const Bytes properties = Bytes(file).substr(footer.properties_at, file.size() - kFooterBytes - footer.properties_at);
  EXPECT_TRUE(open_stored(properties, StoredKind::kProperties, id.checksum_seed(footer.properties_at)));
}

TEST(Mend, ALogSegmentGetsItsChecksums) {
  std::string file = encode_segment_identity({.uuid = Uuid::from_random(1, 2), .number = 3, .salt = 4});
  store_segment_placement(file.data(), 4, {.base_lsn = 8192, .synced_through = 4096});
  store_segment_mark(file.data(), 4, 9000);
  alignas(8) char record[40] = {};
  seal_log_record(record, {.payload_bytes = 5, .first_sequence = 9, .count = 1}, 4, kLogHeaderBytes);
  file.append(record, sizeof record);
  const std::string sound = file;
  testing::mend_log_segment(file);
  EXPECT_EQ(file, sound);
  file[kLogHeaderBytes + kLogRecordHeaderBytes] = 'x';
  file[40] = file[kLogHeaderPageBytes + 40] = 8;
  testing::mend_log_segment(file);
  EXPECT_EQ(decode_segment_header(file).value().identity->number, 8U);
  EXPECT_TRUE(check_log_record(Bytes(file).substr(kLogHeaderBytes), 4, kLogHeaderBytes));
}

}  // namespace
}  // namespace nacre::format
