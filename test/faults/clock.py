"""Clocks that can be stepped: a library, preloaded into a process, adds what a file says to the time of day."""
import os
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def build_shim(directory):
    """The library; None where there is no C compiler."""
    path = os.path.join(directory, "clock_shim.so")
    try:
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", path, os.path.join(HERE, "clock_shim.c")],
                       check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return path


# AddressSanitizer's library, which a program that is built with it must not find second, is not needed by this one.
SECOND_IS_FINE = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))


class Clock:
    def __init__(self, shim, path):
        self.path, self.offset = path, 0
        self.environment = {"LD_PRELOAD": shim, "PG_AIRLIFT_TEST_CLOCK": path, "ASAN_OPTIONS": SECOND_IS_FINE} if shim else {}
        self.step(0)
        os.chmod(path, 0o644)

    def step(self, seconds):
        self.offset += int(seconds * 1000000)
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as file:
            file.write(struct.pack("=q", self.offset))
