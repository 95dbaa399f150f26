// Ed25519 signatures of evidence files (docs/evidence.md): 64 bytes in a file of their own, over the evidence file's
// bytes as they are, so that OpenSSL alone can make and check them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace airlift {

// Where the signature of the evidence file at `path` is.
std::string SignaturePath(const std::string& path);

class SigningKey {
 public:
  // Reads a private key as `openssl genpkey -algorithm ed25519` writes it. A passphrase is asked for on the terminal.
  // Throws Error where there is none to ask on, and for any other file or kind of key.
  static SigningKey Load(const std::string& path);

  // 64 bytes. Throws Error when the library refuses.
  std::string Sign(std::string_view message) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

// Signs a file that is there, into SignaturePath(path).
void SignFile(const std::string& path, const SigningKey& key);

class VerifyingKey {
 public:
  // Reads a public key as `openssl pkey -pubout` writes it. Throws Error for any other file or kind of key.
  static VerifyingKey Load(const std::string& path);

  // True when `signature` is this key's for `message`. Throws Error when it is not as long as a signature is.
  bool IsSignatureOf(std::string_view message, std::string_view signature) const;
  // Throws Error where the file at `path`, whose content is `text`, has no signature of this key's.
  void Require(const std::string& path, std::string_view text) const;
  // SHA-256 of the key, in hexadecimal: to be read out over the telephone.
  std::string Fingerprint() const;

 private:
  explicit VerifyingKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace airlift
