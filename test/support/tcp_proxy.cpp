#include "support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace airlift::test {

namespace {

constexpr int kPollMs = 50;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// False at the end of the stream.
bool Pass(int from, int to) {
  char buffer[65536];
  const ssize_t got = recv(from, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t now = send(to, buffer + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += now;
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(int to_port) : to_port_(to_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener_, 16) != 0 || getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("could not open a proxy's port");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

void TcpProxy::Mend() {
  ++generation_;
  is_cut_ = false;
}

void TcpProxy::Accept() {
  while (!stop_) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (is_cut_ || poll(&waiting, 1, kPollMs) <= 0) {
      if (is_cut_) usleep(kPollMs * 1000);
      continue;
    }
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, client] { PassOn(client); });
  }
}

void TcpProxy::PassOn(int client) {
  const int generation = generation_;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(to_port_);
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  while (open && !stop_ && generation == generation_) {
    if (is_cut_) {
      usleep(kPollMs * 1000);
      continue;
    }
    pollfd sides[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(sides, 2, kPollMs) <= 0 || is_cut_) continue;
    if (sides[0].revents != 0) open = Pass(client, server);
    if (open && sides[1].revents != 0) open = Pass(server, client);
  }
  close(client);
  close(server);
}

}  // namespace airlift::test
