"""A network that can be cut: what connects to port is passed on to to_port()."""
import select
import socket
import threading
import time


class Proxy:
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
