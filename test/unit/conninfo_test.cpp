#include "pg/conninfo.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace airlift {
namespace {

TEST(ConnInfo, TakesKeywordsUrisAndBareNames) {
  EXPECT_EQ(ConnInfo::Parse("host=h port=5433 dbname=d").Get("port"), "5433");
  EXPECT_EQ(ConnInfo::Parse("postgresql://u:p%40ss@h:1/d").password(), "p@ss");
  EXPECT_EQ(ConnInfo::Parse("shop").Get("dbname"), "shop");
  EXPECT_EQ(ConnInfo::Parse("").Get("dbname"), "");
}

TEST(ConnInfo, TheFormForPeopleHasNoPassword) {
  for (const char* text : {"host=h password=s3cret sslpassword=s3cret", "postgresql://u:s3cret@h/d"}) {
    const ConnInfo info = ConnInfo::Parse(text);
    EXPECT_EQ(info.ToStringWithoutPassword().find("s3cret"), std::string::npos);
    EXPECT_NE(info.ToString().find("s3cret"), std::string::npos);
  }
}

TEST(ConnInfo, AParseErrorDoesNotEchoThePassword) {
  for (const char* text : {"host=h password='s3cret", "password=s3cret hots=h", "host=h PASSWORD=a s3cret",
                           "postgresql://u:s3cret@[h/d", "postgresql://u:s3cret@h:1/d?nonsense=1"}) {
    try {
      ConnInfo::Parse(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.Report().find("s3cret"), std::string::npos) << error.Report();
    }
  }
}

TEST(ConnInfo, AParseErrorNamesWhatIsWrong) {
  try {
    ConnInfo::Parse("hots=db1 dbname=shop");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.Report().find("invalid connection option \"hots\""), std::string::npos) << error.Report();
  }
}

TEST(ConnInfo, ValuesSurviveBeingWrittenAndParsedAgain) {
  for (const std::string value : {"it's", "back\\slash", "two words", "a=b", "", "'", "\\'"}) {
    const ConnInfo info = ConnInfo().With("host", "h").With("password", value);
    EXPECT_EQ(ConnInfo::Parse(info.ToString()).password(), value);
  }
}

TEST(ConnInfo, WithLeavesTheOriginalAlone) {
  const ConnInfo info = ConnInfo::Parse("host=h");
  EXPECT_EQ(info.With("host", "other").Get("host"), "other");
  EXPECT_EQ(info.Get("host"), "h");
}

}  // namespace
}  // namespace airlift
