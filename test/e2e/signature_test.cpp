// Signed evidence: what compare and migrate write is checked by verify-evidence and by openssl alone.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using ::testing::HasSubstr;

class SignedEvidence : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    directory_ = evidence_path_ + ".keys";
    std::filesystem::create_directory(directory_);
    RunOrThrow({"openssl", "genpkey", "-algorithm", "ed25519", "-out", Key()});
    RunOrThrow({"openssl", "pkey", "-in", Key(), "-pubout", "-out", PublicKey()});
    source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  }
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    MoveTest::TearDown();
  }

  std::string Key() const { return directory_ + "/key"; }
  std::string PublicKey() const { return directory_ + "/public"; }
  ProcessResult Verify() { return RunHelper({"verify-evidence", evidence_path_, "--key", PublicKey()}); }
  int VerifyWithOpenSsl() {
    return RunProcess({"openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", PublicKey(), "-sigfile",
                       evidence_path_ + ".sig", "-in", evidence_path_})
        .status;
  }

  std::string directory_;
};

TEST_F(SignedEvidence, IsGoodUntilAByteChanges) {
  const ProcessResult moved = Airlift("migrate", {"--sign", Key()});
  ASSERT_EQ(moved.status, kVerified) << moved.Describe();
  EXPECT_EQ(Verify().status, 0) << Verify().Describe();
  const ProcessResult compared = Airlift("compare", {"--sign", Key()});
  ASSERT_EQ(compared.status, kVerified) << compared.Describe();
  const ProcessResult good = Verify();
  EXPECT_EQ(good.status, 0) << good.Describe();
  EXPECT_THAT(good.out, HasSubstr("good signature"));
  EXPECT_EQ(VerifyWithOpenSsl(), 0);

  std::string text = ReadFile(evidence_path_);
  text[text.find("verified")] = 'V';
  std::ofstream(evidence_path_, std::ios::binary) << text;
  const ProcessResult bad = Verify();
  EXPECT_EQ(bad.status, 1) << bad.Describe();
  EXPECT_THAT(bad.out, HasSubstr("BAD signature"));
  EXPECT_NE(VerifyWithOpenSsl(), 0);
}

TEST_F(SignedEvidence, WithoutASignatureNothingIsTold) {
  ASSERT_EQ(Airlift("migrate").status, kVerified);
  const ProcessResult result = Verify();
  EXPECT_EQ(result.status, 2) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("could not read signature file"));
}

TEST_F(SignedEvidence, AKeyThatCannotSignStopsTheRunBeforeItBegins) {
  const ProcessResult result = Airlift("migrate", {"--sign", PublicKey()});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("could not read a private key"));
  EXPECT_EQ(target().Value(database(), "SELECT to_regclass('t')"), "");
}

}  // namespace
}  // namespace airlift::test
