"""Networks that can be cut: a relay of connections, and links of a network namespace."""
import os
import select
import socket
import subprocess
import threading
import time


class Proxy:
    """What connects to port is passed on to to_port()."""

    def __init__(self, to_port):
        self.to_port, self.state, self.generation, self.over = to_port, "open", 0, False
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def stall(self):
        """Nothing passes and nobody is told."""
        self.state = "stalled"

    def resume(self):
        """What was held back arrives late."""
        self.state = "open"

    def mend(self):
        """What was held back is lost with its connections."""
        self.generation += 1
        self.state = "open"

    def close(self):
        self.over = True
        self.generation += 1
        self.listener.close()

    def accept(self):
        while not self.over:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client, self.generation), daemon=True).start()

    def wait(self, generation):
        while self.state != "open" and generation == self.generation:
            time.sleep(0.02)
        return generation == self.generation

    def carry(self, client, generation):
        server = None
        try:
            if not self.wait(generation):
                return
            server = socket.create_connection(("127.0.0.1", self.to_port()), timeout=5)
            server.settimeout(None)
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            other = {client: server, server: client}
            while generation == self.generation:
                ready, _, _ = select.select([client, server], [], [], 0.1)
                for side in ready:
                    if not self.wait(generation):
                        return
                    data = side.recv(262144)
                    if not data:
                        return
                    other[side].sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            if server is not None:
                server.close()


class Namespace:
    """A network namespace for the helper, with a link of its own to each server, on which everything may be lost
    without either end being told: frames go to an address that nobody has. Needs root; addresses are 10.213.0.0/16."""

    NOWHERE = "02:00:00:00:00:99"
    # The operating system gives up data that nobody acknowledges after 15 minutes: in here, after about half a minute.
    RETRIES = 7

    def __init__(self, sides=("source", "target"), number=0):
        self.name = "airlift_%d_%d" % (os.getpid(), number)
        self.address, self.links, self.made = {}, {}, False
        block = (os.getpid() % 512 * 16 + number) * 8
        try:
            self.ip("netns", "add", self.name)
            self.made = True
            self.inside("sysctl", "-qw", "net.ipv4.tcp_retries2=%d" % self.RETRIES)
            self.inside("ip", "link", "set", "lo", "up")
            for index, side in enumerate(sides):
                outer, inner = "al%d%x%s" % (os.getpid(), number, side[0]), "to_" + side
                here, there = ("10.213.%d.%d" % divmod(block + index * 4 + more, 256) for more in (1, 2))
                self.ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
                self.ip("addr", "add", here + "/30", "dev", outer)
                self.ip("link", "set", outer, "up")
                self.inside("ip", "addr", "add", there + "/30", "dev", inner)
                self.inside("ip", "link", "set", inner, "up")
                self.address[side], self.links[side] = here, (outer, there, inner)
        except (OSError, subprocess.CalledProcessError):
            self.close()

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def inside(self, *arguments):
        self.ip("netns", "exec", self.name, *arguments)

    def command(self, *arguments):
        return ["ip", "netns", "exec", self.name, *arguments]

    def limit(self, side, rate):
        """As tc has it: 60mbit."""
        outer, _, inner = self.links[side]
        shape = ["root", "tbf", "rate", rate, "burst", "256kb", "latency", "50ms"]
        subprocess.run(["tc", "qdisc", "add", "dev", outer, *shape], check=True)
        self.inside("tc", "qdisc", "add", "dev", inner, *shape)

    def lose(self, side):
        outer, there, inner = self.links[side]
        self.ip("neigh", "replace", there, "lladdr", self.NOWHERE, "dev", outer, "nud", "permanent")
        self.inside("ip", "neigh", "replace", self.address[side], "lladdr", self.NOWHERE, "dev", inner, "nud", "permanent")

    def mend(self, side):
        outer, there, inner = self.links[side]
        self.ip("neigh", "del", there, "dev", outer)
        self.inside("ip", "neigh", "del", self.address[side], "dev", inner)

    def close(self):
        if self.made:
            subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)
        self.made = False
