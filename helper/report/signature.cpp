#include "report/signature.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/byte_source.h"
#include "base/error.h"
#include "report/result.h"

namespace airlift {

namespace {

constexpr size_t kSignatureBytes = 64;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Key = std::shared_ptr<EVP_PKEY>;

File Open(const std::string& path) {
  File file(std::fopen(path.c_str(), "re"));
  if (!file) throw Error(fmt::format("could not read key file \"{}\": {}", path, std::strerror(errno)));
  return file;
}

// OpenSSL's own words for its last error.
std::string Reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "unknown error" : text;
}

// What the callback below was asked for, and whether it could ask.
struct PassphraseRequest {
  const std::string& path;
  bool had_no_terminal = false;
};

int AskPassphrase(char* buffer, int size, int, void* data) {
  auto* request = static_cast<PassphraseRequest*>(data);
  if (isatty(STDIN_FILENO) == 0) {
    request->had_no_terminal = true;
    return -1;
  }
  const std::string prompt = "Passphrase of \"" + request->path + "\": ";
  if (EVP_read_pw_string(buffer, size, prompt.c_str(), 0) != 0) return -1;
  return static_cast<int>(strnlen(buffer, static_cast<size_t>(size)));
}

void RequireEd25519(const Key& key, const std::string& path) {
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519) return;
  const char* type = EVP_PKEY_get0_type_name(key.get());
  throw Error(fmt::format("the key in file \"{}\" is not an Ed25519 key", path),
              fmt::format("It is of type {}.", type == nullptr ? "unknown" : type),
              "Make one with: openssl genpkey -algorithm ed25519 -out FILE");
}

}  // namespace

std::string SignaturePath(const std::string& path) { return path + ".sig"; }

SigningKey SigningKey::Load(const std::string& path) {
  const File file = Open(path);
  PassphraseRequest request{path};
  const Key key(PEM_read_PrivateKey(file.get(), nullptr, AskPassphrase, &request), &EVP_PKEY_free);
  if (request.had_no_terminal) {
    ERR_clear_error();
    throw Error(
        fmt::format("the key in file \"{}\" is protected by a passphrase, and there is no terminal to ask on", path),
        {},
        "Run the command on a terminal, or give a key without a passphrase that only this user may read: openssl "
        "pkey -in FILE -out PLAIN");
  }
  if (!key)
    throw Error(fmt::format("could not read a private key from file \"{}\": {}", path, Reason()), {},
                "Make one with: openssl genpkey -algorithm ed25519 -out FILE");
  RequireEd25519(key, path);
  return SigningKey(key);
}

std::string SigningKey::Sign(std::string_view message) const {
  const Digest context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1 ||
      size != kSignatureBytes)
    throw Error("could not sign the evidence: " + Reason());
  return signature;
}

VerifyingKey VerifyingKey::Load(const std::string& path) {
  const File file = Open(path);
  const Key key(PEM_read_PUBKEY(file.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key)
    throw Error(fmt::format("could not read a public key from file \"{}\": {}", path, Reason()), {},
                "Take it out of the private key with: openssl pkey -in KEYFILE -pubout");
  RequireEd25519(key, path);
  return VerifyingKey(key);
}

bool VerifyingKey::IsSignatureOf(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes)
    throw Error(fmt::format("an Ed25519 signature is {} bytes long, not {}", kSignatureBytes, signature.size()));
  const Digest context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1)
    throw Error("could not check the signature: " + Reason());
  const int verified =
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size());
  ERR_clear_error();
  return verified == 1;
}

std::string VerifyingKey::Fingerprint() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) throw Error("could not encode the public key: " + Reason());
  unsigned char hash[SHA256_DIGEST_LENGTH];
  unsigned int length = 0;
  const bool hashed = EVP_Digest(der, static_cast<size_t>(size), hash, &length, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(der);
  if (!hashed) throw Error("could not hash the public key: " + Reason());
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", hash[i]);
  return text;
}

void SignFile(const std::string& path, const SigningKey& key) {
  const std::string signature = key.Sign(ReadWhole(WholeFile(path)));
  WriteFileAtomically(SignaturePath(path), "signature file", 0666,
                      [&](std::FILE* file) { std::fwrite(signature.data(), 1, signature.size(), file); });
}

void VerifyingKey::Require(const std::string& path, std::string_view text) const {
  if (!FileExists(SignaturePath(path)))
    throw Error(fmt::format("\"{}\" is not signed", path), fmt::format("There is no \"{}\".", SignaturePath(path)));
  if (!IsSignatureOf(text, ReadWhole(WholeFile(SignaturePath(path)))))
    throw Error(fmt::format("\"{}\" was not signed with the key given, or was changed since", path));
}

}  // namespace airlift
