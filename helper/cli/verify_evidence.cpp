// verify-evidence: is an evidence file as it was when it was signed?
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/error.h"
#include "cli/command.h"
#include "model/verdict.h"
#include "report/signature.h"

namespace airlift {

namespace {

struct VerifyArguments {
  std::string evidence;
  std::string key;
  std::string signature;  // "" for the evidence file's name with .sig
  bool quiet = false;
};

std::string ReadWhole(const char* what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    throw Error(fmt::format("could not read {} \"{}\": {}", what, path, std::strerror(errno)));
  return text;
}

int RunVerify(const VerifyArguments& arguments) {
  const VerifyingKey key = VerifyingKey::Load(arguments.key);
  const std::string evidence = ReadWhole("evidence file", arguments.evidence);
  const std::string path = arguments.signature.empty() ? SignaturePath(arguments.evidence) : arguments.signature;
  const bool is_good = key.IsSignatureOf(evidence, ReadWhole("signature file", path));
  if (!is_good || !arguments.quiet)
    fmt::print("{} signature: \"{}\", key sha256:{}\n", is_good ? "good" : "BAD", arguments.evidence,
               key.Fingerprint());
  return is_good ? kExitDone : kExitFindings;
}

}  // namespace

std::function<int()> SetupVerifyEvidence(CLI::App& app) {
  auto arguments = std::make_shared<VerifyArguments>();
  app.add_option("FILE", arguments->evidence, "the evidence file")->required();
  app.add_option("--key", arguments->key, "the signer's public key (Ed25519, PEM)")->type_name("PUBKEY")->required();
  app.add_option("--signature", arguments->signature, "the signature (default: FILE.sig)")->type_name("SIG");
  app.add_flag("-q,--quiet", arguments->quiet, "no output when the signature is good");
  app.footer(
      "Exit status: 0 good signature, 1 bad signature, 2 could not tell (no signature, unreadable, another kind of "
      "key).");
  return [arguments] { return RunVerify(*arguments); };
}

}  // namespace airlift
