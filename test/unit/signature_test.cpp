#include "report/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace airlift {
namespace {

using ::testing::HasSubstr;

// RFC 8032, section 7.1, test 3, wrapped as PKCS #8.
constexpr const char* kSecret =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3\n"
    "-----END PRIVATE KEY-----\n";
constexpr unsigned char kMessage[] = {0xaf, 0x82};
constexpr unsigned char kSignature[] = {0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a,
                                        0xbe, 0x01, 0xa3, 0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36,
                                        0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac, 0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2,
                                        0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59, 0x4a, 0x7c, 0x15, 0xe9,
                                        0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a};

class Signature : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "signature_test.XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  // What the openssl program writes, as a user makes keys.
  std::string OpenSsl(const std::string& arguments, const std::string& name) {
    const std::string path = directory_ + "/" + name;
    EXPECT_EQ(std::system(("openssl " + arguments + " -out " + path + " 2>/dev/null").c_str()), 0) << arguments;
    return path;
  }
  std::string PublicOf(const std::string& secret) { return OpenSsl("pkey -pubout -in " + secret, "public"); }

  template <typename Key>
  std::string RefusalOf(const std::string& path) {
    try {
      Key::Load(path);
    } catch (const Error& error) {
      return error.Report();
    }
    return "accepted";
  }

  std::string directory_;
};

TEST_F(Signature, IsThatOfTheStandard) {
  const std::string secret = Write("secret", kSecret);
  const std::string message(reinterpret_cast<const char*>(kMessage), sizeof kMessage);
  const std::string expected(reinterpret_cast<const char*>(kSignature), sizeof kSignature);
  EXPECT_EQ(SigningKey::Load(secret).Sign(message), expected);
  EXPECT_TRUE(VerifyingKey::Load(PublicOf(secret)).IsSignatureOf(message, expected));
}

TEST_F(Signature, EveryChangedByteShows) {
  const std::string secret = OpenSsl("genpkey -algorithm ed25519", "secret");
  const std::string message = "{\"verdict\": \"verified\"}\n";
  const std::string signature = SigningKey::Load(secret).Sign(message);
  const VerifyingKey key = VerifyingKey::Load(PublicOf(secret));
  ASSERT_TRUE(key.IsSignatureOf(message, signature));
  for (size_t i = 0; i < message.size(); ++i) {
    std::string changed = message;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key.IsSignatureOf(changed, signature)) << i;
  }
  for (size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key.IsSignatureOf(message, changed)) << i;
  }
  EXPECT_FALSE(key.IsSignatureOf(message + "\n", signature));
  EXPECT_THROW(key.IsSignatureOf(message, signature.substr(1)), Error);
  EXPECT_THROW(key.IsSignatureOf(message, ""), Error);
}

TEST_F(Signature, AnotherKeyDoesNotDo) {
  const std::string signature = SigningKey::Load(OpenSsl("genpkey -algorithm ed25519", "one")).Sign("x");
  const VerifyingKey other = VerifyingKey::Load(PublicOf(OpenSsl("genpkey -algorithm ed25519", "other")));
  EXPECT_FALSE(other.IsSignatureOf("x", signature));
}

TEST_F(Signature, OtherFilesAreRefused) {
  const std::string curve = OpenSsl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "curve");
  EXPECT_THAT(RefusalOf<SigningKey>(curve), HasSubstr("not an Ed25519 key"));
  EXPECT_THAT(RefusalOf<VerifyingKey>(PublicOf(curve)), HasSubstr("not an Ed25519 key"));
  EXPECT_THAT(RefusalOf<SigningKey>(Write("garbage", "garbage")), HasSubstr("could not read a private key"));
  EXPECT_THAT(RefusalOf<SigningKey>(directory_ + "/absent"), HasSubstr("could not read key file"));
  const std::string secret = Write("secret", kSecret);
  EXPECT_THAT(RefusalOf<SigningKey>(PublicOf(secret)), HasSubstr("could not read a private key"));
  EXPECT_THAT(RefusalOf<VerifyingKey>(secret), HasSubstr("could not read a public key"));
}

TEST_F(Signature, APassphraseIsNotGuessed) {
  const std::string secret = OpenSsl("genpkey -algorithm ed25519 -aes256 -pass pass:s3cret", "locked");
  if (isatty(STDIN_FILENO) != 0) {
    ASSERT_NE(freopen("/dev/null", "r", stdin), nullptr);
  }
  EXPECT_THAT(RefusalOf<SigningKey>(secret), HasSubstr("protected by a passphrase"));
}

}  // namespace
}  // namespace airlift
