// Messages of pgoutput: what a server sends, and bytes that it would never send.
#include "pgoutput/message.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace airlift::pgoutput {
namespace {

using std::string_literals::operator""s;

// As PostgreSQL 15 sent them: table "odd ""name""" (id int, note text), key id.
const std::string kRelation = "R\0\0\x40\x01public\0odd \"name\"\0d\0\2\1id\0\0\0\0\x17\xff\xff\xff\xffZ"s;
std::string RelationMessage() {
  std::string message = kRelation;
  message.pop_back();
  return message + "\0note\0\0\0\0\x19\xff\xff\xff\xff"s;
}
const std::string kInsert = "I\0\0\x40\x01N\0\2t\0\0\0\1"s + "7n";
const std::string kUpdate = "U\0\0\x40\x01K\0\2t\0\0\0\1"s + "7nN\0\2t\0\0\0\1"s + "8u";
const std::string kDelete = "D\0\0\x40\x01O\0\2t\0\0\0\1"s + "7t\0\0\0\2ab"s;
const std::string kTruncate = "T\0\0\0\2\3\0\0\x40\1\0\0\x40\2"s;
const std::string kBegin = "B\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\4"s;
const std::string kCommit = "C\0\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0\4"s;
const std::string kMessage = "M\1\0\0\0\0\0\0\0\5pg_airlift\0\0\0\0\3abc"s;
const std::string kType = "Y\0\0\0\7s\0mood\0"s;
const std::string kOrigin = "O\0\0\0\0\0\0\0\1elsewhere\0"s;

std::vector<std::string> All() {
  return {RelationMessage(), kInsert, kUpdate, kDelete, kTruncate, kBegin, kCommit, kMessage, kType, kOrigin};
}

TEST(PgOutput, ReadsWhatAServerSends) {
  const auto relation = std::get<Relation>(Parse(RelationMessage()));
  EXPECT_EQ(relation.id, 0x4001u);
  EXPECT_EQ(relation.name, "odd \"name\"");
  ASSERT_EQ(relation.columns.size(), 2u);
  EXPECT_TRUE(relation.columns[0].is_identity);
  EXPECT_FALSE(relation.columns[1].is_identity);
  EXPECT_EQ(relation.columns[1].name, "note");

  const auto insert = std::get<Insert>(Parse(kInsert));
  EXPECT_EQ(insert.row[0].text, "7");
  EXPECT_EQ(insert.row[1].kind, Value::Kind::kNull);

  const auto update = std::get<Update>(Parse(kUpdate));
  EXPECT_EQ(update.old_kind, OldRow::kKey);
  EXPECT_EQ(update.old_row[0].text, "7");
  EXPECT_EQ(update.row[0].text, "8");
  EXPECT_EQ(update.row[1].kind, Value::Kind::kUnchanged);

  const auto change = std::get<Delete>(Parse(kDelete));
  EXPECT_EQ(change.old_kind, OldRow::kRow);
  EXPECT_EQ(change.old_row[1].text, "ab");

  const auto truncate = std::get<Truncate>(Parse(kTruncate));
  EXPECT_EQ(truncate.relations, (std::vector<uint32_t>{0x4001, 0x4002}));
  EXPECT_TRUE(truncate.cascade && truncate.restart_identity);

  EXPECT_EQ(std::get<Begin>(Parse(kBegin)).final_lsn, 0x100000002u);
  EXPECT_EQ(std::get<Commit>(Parse(kCommit)).end_lsn, 0x100000003u);
  EXPECT_EQ(std::get<LogicalMessage>(Parse(kMessage)).content, "abc");
  EXPECT_EQ(std::get<Type>(Parse(kType)).name, "mood");
  EXPECT_EQ(std::get<Origin>(Parse(kOrigin)).name, "elsewhere");
}

TEST(PgOutput, RefusesWhatIsCutOffOrTooLong) {
  for (const std::string& message : All()) {
    for (size_t size = 0; size < message.size(); ++size)
      EXPECT_THROW(Parse(std::string_view(message).substr(0, size)), Error) << message[0] << " of " << size;
    EXPECT_THROW(Parse(message + "x"), Error) << message[0];
  }
}

TEST(PgOutput, RefusesCountsThatCannotBe) {
  EXPECT_THROW(Parse("T\xff\xff\xff\xff\0"s), Error);
  EXPECT_THROW(Parse("I\0\0\x40\x01N\xff\xff"s + "n"), Error);
  EXPECT_THROW(Parse("I\0\0\x40\x01N\0\1t\xff\xff\xff\xff"s), Error);
  EXPECT_THROW(Parse("M\1\0\0\0\0\0\0\0\5p\0\xff\xff\xff\xff"s), Error);
  EXPECT_THROW(Parse("Q"), Error);
  EXPECT_THROW(Parse("I\0\0\x40\x01K\0\1n"s), Error);                 // an insert has no old row
  EXPECT_THROW(Parse("D\0\0\x40\x01N\0\1n"s), Error);                 // a delete has no new one
  EXPECT_THROW(Parse("I\0\0\x40\x01N\0\1b"s + "\0\0\0\1x"s), Error);  // binary was not asked for
}

// Under the sanitizers, too: each byte of each message replaced by others, and noise.
TEST(PgOutput, HostileBytesAreAnErrorOrAMessage) {
  std::mt19937 random(20260);
  const auto parse = [](const std::string& bytes) {
    try {
      Parse(bytes);
    } catch (const Error&) {
    }
  };
  for (const std::string& message : All()) {
    for (size_t at = 0; at < message.size(); ++at) {
      std::string changed = message;
      for (int byte = 0; byte < 256; ++byte) {
        changed[at] = static_cast<char>(byte);
        parse(changed);
      }
    }
  }
  for (int round = 0; round < 20000; ++round) {
    std::string noise(random() % 64, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    if (!noise.empty() && round % 2 == 0) noise[0] = "BCORYIUDTM"[random() % 10];
    parse(noise);
  }
}

}  // namespace
}  // namespace airlift::pgoutput
