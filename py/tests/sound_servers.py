"""Sound servers of a test's own: JACK, PipeWire and PulseAudio without a sound card.

Each runs in a session of its own, with its own bus, runtime folder and ALSA configuration, and
plays into a sink without hardware whose monitor can be recorded.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from support import wait_until

CHILD = Path(__file__).with_name("host_child.py")
# The plugin by which ALSA reaches PipeWire. Debian's packages of it and of PulseAudio exclude each
# other: `scripts/pipewire_alsa.sh` puts the one that is not installed here.
UNPACKED = Path(__file__).parents[2] / "target" / "pipewire-alsa"
SINK = "hotcue_test"


class Servers(ABC):
    """A session; ended by `with`. Only processes that it has started itself are ended."""

    name: str
    needs: tuple[str, ...]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hotcue-host-"))
        self.env = {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "JACK_NO_START_SERVER": "1",
            # Said here, no client starts a server of its own.
            "PULSE_SERVER": f"unix:{self.folder}/pulse/native",
        }
        for name in ("PIPEWIRE_REMOTE", "DBUS_SESSION_BUS_ADDRESS"):
            self.env.pop(name, None)
        self.running: list[subprocess.Popen[bytes]] = []

    @classmethod
    def missing(cls) -> str | None:
        """The program that is needed and not here."""
        return next((program for program in cls.needs if shutil.which(program) is None), None)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    @abstractmethod
    def start(self) -> None:
        """Starts the servers and waits until they answer."""

    def monitor(self) -> list[str] | None:
        """The command that records what is played: 32-bit floats, stereo, 48 kHz, to its output."""
        return None

    def spawn(self, *command: str) -> subprocess.Popen[bytes]:
        """Starts a server; what it says goes into a file."""
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def kill(self, how: signal.Signals) -> None:
        """Ends the servers and waits for that."""
        for process in reversed(self.running):
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def answers(self, *command: str, says: str = "") -> bool:
        """Whether a command of a server's succeeds, and says something."""
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        return done.returncode == 0 and says in done.stdout

    def links(self, name: str, *files: Path) -> str:
        """A folder of the session's with links to files; of those of one name to the last."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in {file.name: file for file in files}.values():
            (folder / file.name).symlink_to(file)
        return str(folder)

    def configure_alsa(self, default: str) -> None:
        """Says what ALSA's `default` is, whatever the system's files say."""
        files = Path("/etc/alsa/conf.d").glob("*.conf")
        theirs = self.links("conf.d", *(file for file in files if "default" not in file.name))
        # The PulseAudio server's file makes it the default whenever anything answers for it.
        (Path(theirs) / "99-pulse.conf").unlink(missing_ok=True)
        text = Path("/usr/share/alsa/alsa.conf").read_text()
        path = self.folder / "alsa.conf"
        path.write_text(text.replace('"/etc/alsa/conf.d"', f'"{theirs}"'))
        self.env["ALSA_CONFIG_PATH"] = str(path)
        (self.folder / ".asoundrc").write_text(f"pcm.!default {{ {default} }}\n")

    def start_bus(self) -> None:
        """Starts a message bus of the session's own."""
        path = self.folder / "bus"
        address = f"unix:path={path}"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        self.spawn("dbus-daemon", "--session", "--nofork", f"--address={address}")
        wait_until("the message bus", path.exists)

    def play(self, *args: str) -> subprocess.Popen[str]:
        """Starts the program that plays."""
        return subprocess.Popen(
            [sys.executable, str(CHILD), *args],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def recorded(self, during: Callable[[], None]) -> NDArray[np.float32]:
        """What the sink gets meanwhile: frames x 2."""
        command = self.monitor()
        assert command is not None
        path = self.folder / "recorded.f32"
        with path.open("wb") as file:
            recorder = subprocess.Popen(command, env=self.env, stdout=file)
        try:
            wait_until("the recorder", lambda: path.stat().st_size > 0)
            # A server may put its graph in order for it.
            time.sleep(0.5)
            during()
            time.sleep(0.5)
        finally:
            recorder.send_signal(signal.SIGTERM)
            recorder.wait(5)
        values = np.fromfile(path, np.float32)
        return values[: len(values) // 2 * 2].reshape(-1, 2)


class NoServer(Servers):
    """No server: for the null output."""

    name = "null"
    needs = ()

    def start(self) -> None:
        """Nothing to start."""


class Jack(Servers):
    """jackd with a dummy driver."""

    name = "jack"
    needs = ("jackd", "jack_wait")

    def start(self) -> None:
        """Starts jackd under a name of its own."""
        # JACK's names are of the user, not of the session.
        server = self.folder.name
        self.env["JACK_DEFAULT_SERVER"] = server
        driver = ["-d", "dummy", "-r", "48000", "-p", "256"]
        self.spawn("jackd", "-n", server, "-r", "-S", *driver)
        wait_until("jackd", lambda: self.answers("jack_wait", "-s", server, "-w", "-t", "1"))

    def xruns(self) -> int:
        """How often the server was late, or waited for a client in vain."""
        return (self.folder / "jackd.log").read_text().count("XRun")


class PipeWire(Servers):
    """PipeWire as Linux desktops have it: wireplumber, ALSA's plugin, PulseAudio's protocol."""

    name = "pipewire"
    needs = (
        "pipewire",
        "wireplumber",
        "pipewire-pulse",
        "pw-cli",
        "pactl",
        "parec",
        "dbus-daemon",
    )

    @classmethod
    def missing(cls) -> str | None:
        """As for all, and the plugin."""
        return super().missing() or (None if plugin_folder() else "ALSA's plugin for PipeWire")

    def start(self) -> None:
        """Starts the servers and makes a sink without hardware."""
        plugin = plugin_folder()
        assert plugin is not None
        self.env["ALSA_PLUGIN_DIR"] = self.links(
            "alsa-lib",
            *(file for each in (*system_plugin_folders(), plugin) for file in each.glob("*.so")),
        )
        self.configure_alsa("type pipewire playback_node '-1' capture_node '-1'")
        self.start_bus()
        # One after the other: none of them waits for what it needs.
        for server, socket in (("pipewire", "pipewire-0"), ("pipewire-pulse", "pulse/native")):
            self.spawn(server)
            wait_until(server, (self.folder / socket).exists)
        self.spawn("wireplumber")
        wait_until("PipeWire", lambda: self.answers("pactl", "info", says="Server Name"))
        sink = (
            f"{{ factory.name=support.null-audio-sink node.name={SINK} media.class=Audio/Sink"
            " object.linger=true audio.position=[FL FR] }"
        )
        assert self.answers("pw-cli", "create-node", "adapter", sink)
        wait_until("the sink", lambda: self.answers("pactl", "list", "short", "sinks", says=SINK))
        # The session manager may be about to choose one itself.
        wait_until(
            "the default sink",
            lambda: (
                self.answers("pactl", "set-default-sink", SINK)
                and self.answers("pactl", "get-default-sink", says=SINK)
            ),
        )

    def monitor(self) -> list[str]:
        """Through PulseAudio's protocol, as with PulseAudio itself."""
        return PARECORD


class Pulse(Servers):
    """PulseAudio with a sink without hardware."""

    name = "pulseaudio"
    needs = ("pulseaudio", "pactl", "parec", "dbus-daemon")

    def start(self) -> None:
        """Starts the server."""
        self.configure_alsa("type pulse")
        self.start_bus()
        sink = f"module-null-sink sink_name={SINK} rate=48000 channels=2 format=float32le"
        self.spawn(
            "pulseaudio",
            *("-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
            *("-L", "module-native-protocol-unix", "-L", sink),
        )
        wait_until("PulseAudio", lambda: self.answers("pactl", "list", "short", "sinks", says=SINK))

    def monitor(self) -> list[str]:
        """PulseAudio's own recorder."""
        return PARECORD


PARECORD = [
    "parec",
    f"--device={SINK}.monitor",
    "--format=float32le",
    "--rate=48000",
    "--channels=2",
    "--latency-msec=20",
    "--raw",
]


def system_plugin_folders() -> list[Path]:
    """Where the system keeps ALSA's plugins."""
    return [path for path in Path("/usr").glob("lib*/**/alsa-lib") if path.is_dir()]


def plugin_folder() -> Path | None:
    """The folder with ALSA's plugin for PipeWire."""
    name = "libasound_module_pcm_pipewire.so"
    found = [path / name for path in system_plugin_folders()]
    found += sorted(UNPACKED.glob(f"**/{name}"))
    return next((path.parent for path in found if path.exists()), None)
