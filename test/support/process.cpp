#include "support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace airlift::test {

namespace {

// A file without a name: the program's output can be of any size and the reader need not keep up.
int NamelessFile(const std::string& content = {}) {
  char path[] = "/tmp/airlift-output.XXXXXX";
  const int file = mkstemp(path);
  if (file < 0) throw std::runtime_error("could not create a temporary file");
  unlink(path);
  fcntl(file, F_SETFD, FD_CLOEXEC);
  for (size_t written = 0; written < content.size();) {
    const ssize_t step = write(file, content.data() + written, content.size() - written);
    if (step <= 0) throw std::runtime_error("could not write a temporary file");
    written += static_cast<size_t>(step);
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

std::string ReadAll(int file) {
  std::string text;
  char buffer[65536];
  lseek(file, 0, SEEK_SET);
  for (ssize_t step; (step = read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(step));
  return text;
}

[[noreturn]] void Become(std::vector<char*>& arguments, const ProcessOptions& options, int in, int out, int err) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(in, 0);
  dup2(out, 1);
  dup2(err, 2);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

std::string ProcessResult::Describe() const {
  return "exit status " + std::to_string(status) + (timed_out ? " (time limit)" : "") + "\n--- stdout\n" + out +
         "\n--- stderr\n" + err;
}

Process::Process(const std::vector<std::string>& command, const ProcessOptions& options)
    : deadline_(std::chrono::steady_clock::now() + options.limit), out_(NamelessFile()), err_(NamelessFile()) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int in = NamelessFile(options.input);
  pid_ = fork();
  if (pid_ == 0) Become(arguments, options, in, out_, err_);
  close(in);
  if (pid_ < 0) throw std::runtime_error("could not start " + command[0]);
}

Process::~Process() {
  if (!ended_) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
  close(err_);
}

void Process::Reap(int wait_status) {
  ended_ = true;
  result_.status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

bool Process::IsRunning() {
  int wait_status = 0;
  if (!ended_ && waitpid(pid_, &wait_status, WNOHANG) == pid_) Reap(wait_status);
  return !ended_;
}

void Process::Signal(int signal_number) {
  if (IsRunning()) kill(pid_, signal_number);
}

std::string Process::ErrorsSoFar() const {
  std::string text;
  char buffer[4096];
  // At a place of its own: the program writes at the file's.
  for (ssize_t step; (step = pread(err_, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<size_t>(step));
  return text;
}

ProcessResult Process::Wait() {
  while (IsRunning()) {
    if (std::chrono::steady_clock::now() > deadline_) {
      result_.timed_out = true;
      kill(-pid_, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  result_.out = ReadAll(out_);
  result_.err = ReadAll(err_);
  return result_;
}

ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options) {
  return Process(command, options).Wait();
}

std::string RunOrThrow(const std::vector<std::string>& command, const ProcessOptions& options) {
  const ProcessResult result = RunProcess(command, options);
  if (result.status != 0) throw std::runtime_error(command[0] + ": " + result.Describe());
  return result.out;
}

}  // namespace airlift::test
