// A network between two servers that a test can cut: what connects to port() is passed on to another port.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

namespace airlift::test {

class TcpProxy {
 public:
  // Passes on to 127.0.0.1:`to_port`.
  explicit TcpProxy(int to_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }
  // From now on nothing passes, in either direction, and nobody is told: as when a cable is pulled.
  void Cut() { is_cut_ = true; }
  // What was held back while cut is lost with its connections; new ones pass.
  void Mend();

 private:
  void Accept();
  void PassOn(int client);

  const int to_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> is_cut_{false};
  std::atomic<int> generation_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace airlift::test
