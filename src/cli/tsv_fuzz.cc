// The tool's escapes: a text that parses is written again and parses to the same; any bytes survive a round trip.

#include "base/fuzzing.h"
#include "cli/encoding.h"
#include "cli/tsv.h"

namespace nacre::cli {
namespace {

void run(Bytes bytes) {
  for (const Encoding encoding : {Encoding::kEscape, Encoding::kHex, Encoding::kBase64}) {
    std::string room;
    Bytes plain;
    const DecodeError error = decode(encoding, bytes, room, plain);
    if (error.words == nullptr) {
      NACRE_CHECK(plain.size() <= bytes.size());
      std::string again;
      append_encoded(again, encoding, plain);
      std::string other_room;
      Bytes same;
      NACRE_CHECK(decode(encoding, again, other_room, same).words == nullptr && same == plain);
    } else {
      NACRE_CHECK(Bytes(error.words).size() > 10 && error.at <= bytes.size());  // it is said in words
    }
    std::string encoded;
    append_encoded(encoded, encoding, bytes);
    NACRE_CHECK(encoded.size() <= 4 * bytes.size());
    NACRE_CHECK(encoded.find_first_of("\t\n\r") == std::string::npos);
    NACRE_CHECK(decode(encoding, encoded, room, plain).words == nullptr && plain == bytes);
  }
}

std::vector<std::string> seeds() {
  return {"key value",
          "a\\tb\\n\\\\\\x00\\xfF\\r",
          "bad\\q\tescape",
          "short\\x1\tx",
          "end\t\\",
          "00fF7a",
          "0g",
          "123",
          "QUJDRA==",
          "QUJD",
          "QUI=",
          "QUJ=",
          "Q=J="};
}

const fuzz::Registration kHere({.name = "tsv", .run = run, .seeds = seeds});

}  // namespace
}  // namespace nacre::cli
