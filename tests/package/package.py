# SPDX-License-Identifier: GPL-2.0-or-later
"""package.py ROOT [FOLDER]: the Debian packages are built, installed, and the installed gateway stands between two hosts.

With FOLDER the packages there are taken as they are. The root into which they are installed is an overlay over that of this
machine, in a mount namespace of this process: dpkg runs there as on a gateway, with every script of the packages, and
nothing of it stays. The gateway runs there twice: started by the test, which hears what it tells its service manager; and by its unit,
where systemd can be started in namespaces (service.py).
"""
import ctypes
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from service import CannotBoot, Service

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from gateway_rig import CLIENT, N_WAIT, PLANT, SERVER, Rig, Skip, main  # noqa: E402

CLONE_NEWNS = 0x00020000
CAP_NET_ADMIN = 1 << 12
SETTINGS = """gateway = "gw-1";
ports: { plant = "af_packet:gw0"; field = "af_packet:gw1"; };
"""


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise Skip(f"{tool} is not installed")


def run(*command, env=None):
    """What a program prints; it has to end well."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
                          timeout=1500, check=False)
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{text}"
    return text


def build(root, folder):
    options = os.environ.get("DEB_BUILD_OPTIONS", "nocheck nolto parallel=2")
    run(os.path.join(root, "packaging/build-deb"), folder, env={"DEB_BUILD_OPTIONS": options})


def packages(folder):
    found = sorted(glob.glob(os.path.join(folder, "penstock_*.deb")) + glob.glob(os.path.join(folder, "penstockd_*.deb")))
    assert len(found) == 2, f"packages in {folder}: {found}"
    return found


def lint(folder):
    if shutil.which("lintian") is None:
        print("lintian is not installed; the packages are not looked at")
        return
    print(run("lintian", "--allow-root", "--fail-on", "error,warning", *glob.glob(os.path.join(folder, "*.deb"))))


class Machine:
    """A copy of this machine that can be changed. Its folder is no other's: the devices of this machine are mounted below it,
    so that it is taken apart by unmounting, never by removing what is in it."""

    def __enter__(self):
        self.work = tempfile.mkdtemp()
        try:
            self._build(self.work)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--recursive", "--lazy", self.work], stderr=subprocess.DEVNULL, check=False)
        os.rmdir(self.work)

    def _build(self, work):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) != 0:
            raise Skip(f"no mount namespace here: {os.strerror(ctypes.get_errno())}")
        run("mount", "--make-rprivate", "/")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "none", work)
        self.root = os.path.join(work, "root")
        for name in ("root", "upper", "scratch"):
            os.mkdir(os.path.join(work, name))
        done = subprocess.run(["mount", "-t", "overlay", "none", "-o", f"lowerdir=/,upperdir={work}/upper,workdir={work}/scratch",
                               self.root], stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Skip(f"no overlay over / here: {done.stderr.decode().strip()}")
        for name in ("proc", "sys", "dev"):
            run("mount", "--rbind", f"/{name}", self.path(name))
        for name in ("run", "tmp"):
            run("mount", "-t", "tmpfs", "none", self.path(name))

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def command(self, *command):
        return ["chroot", self.root, *command]

    def run(self, *command):
        return run(*self.command(*command))

    def write(self, name, text, mode="w"):
        with open(self.path(name), mode, encoding="utf-8") as file:
            file.write(text)

    def install(self, debs):
        for deb in debs:
            shutil.copy(deb, self.path("var/tmp"))
        return self.run("dpkg", "-i", *(f"/var/tmp/{os.path.basename(deb)}" for deb in debs))


class Manager:
    """The end of systemd that services talk to."""

    def __init__(self, machine):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(machine.path("/run/notify"))
        os.chmod(machine.path("/run/notify"), 0o777)
        self.heard = []

    def await_word(self, word, child):
        end = time.monotonic() + N_WAIT
        self.socket.settimeout(0.2)
        while word not in self.heard and time.monotonic() < end and child.poll() is None:
            try:
                self.heard += self.socket.recv(4096).decode().split("\n")
            except TimeoutError:
                pass
        with open(child.log, encoding="utf-8", errors="replace") as log:
            assert word in self.heard, f"no {word} but {self.heard}:\n{log.read()}"
        self.heard = []


def await_file(path):
    end = time.monotonic() + N_WAIT
    while not os.path.exists(path):
        assert time.monotonic() < end, f"{path} is not there"
        time.sleep(0.05)


def check_installed(machine):
    """Users, folders, and that nothing was started or enabled."""
    for name in ("/var/lib/penstock", "/var/log/penstock"):
        assert machine.run("stat", "-c", "%U:%G %a", name) == "penstock:penstock 750\n", name
    machine.run("getent", "group", "penstock-admin")
    assert not os.path.exists(machine.path("/etc/systemd/system/multi-user.target.wants/penstockd.service")), "it is enabled"
    machine.run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/penstockd.service")
    machine.run("man", "--local-file", "-w", "/usr/share/man/man8/penstockd.8.gz", "/usr/share/man/man5/penstockd.conf.5.gz")
    machine.run("penstock", "check", "/usr/share/doc/penstock/examples/pump-station/plant.conf")


def check_unconfigured(machine):
    """As it was installed it says what is missing."""
    done = subprocess.run(machine.command("penstockd"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    text = done.stdout.decode()
    assert done.returncode == 1, f"not configured, it ended with {done.returncode}:\n{text}"
    for key in ("gateway", "ports"):
        assert f'penstockd.conf has no "{key}"; add {key}' in text, text


def start(rig, machine, manager):
    machine.write("/etc/penstock/penstockd.conf", SETTINGS, "a")
    machine.write("/etc/penstock/plant.conf", PLANT)
    assert "fine" in machine.run("penstockd", "--check")
    os.mkdir(machine.path("/run/penstock"), 0o755)  # RuntimeDirectory= of the unit
    rig.daemon = rig.start("gw", "env", "NOTIFY_SOCKET=/run/notify", *machine.command("penstockd"), ready="penstockd: ready")
    manager.await_word("READY=1", rig.daemon)
    manager.await_word("WATCHDOG=1", rig.daemon)


def check_process(machine, pid):
    """It is no longer root, and may nothing but keep its ports."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    uid = machine.run("id", "-u", "penstock").strip()
    assert status["Uid"].split() == [uid] * 4, status["Uid"]
    assert int(status["CapEff"], 16) == CAP_NET_ADMIN, status["CapEff"]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status


def check_running(rig, machine):
    status = machine.run("penstock", "status")
    print(status)
    assert status.startswith("gw-1 enforcing"), status
    done = subprocess.run(machine.command("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "penstock", "status"),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 1 and b"may neither look nor change" in done.stdout, done.stdout
    machine.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=penstock", "penstock", "status")
    rig.run("client", "ping", "-c1", "-W20", SERVER)
    assert "no longer allowed" in machine.run("penstock", "reload"), "it does not read its plant file again"


def check_events(rig, machine, pid):
    """Refusals are in the file; when logrotate has moved it, in a new one."""
    path = machine.path("/var/log/penstock/events.jsonl")
    for moved in (False, True):
        code, _ = rig.run("server", "ping", "-c1", "-W1", CLIENT, check=False)
        assert code != 0, "no conduit leads from the field to the room"
        await_file(path)
        if not moved:
            os.rename(path, path + ".1")
            os.kill(pid, 1)
    assert machine.run("stat", "-c", "%U:%G %a", "/var/log/penstock/events.jsonl") == "penstock:penstock 640\n"


def await_restart(service, pid):
    end = time.monotonic() + N_WAIT
    while service.show("MainPID") in (pid, "0") or service.show("ActiveState") != "active":
        assert time.monotonic() < end, "systemd does not start it again"
        time.sleep(0.2)


def check_unit(rig, service):
    """What the unit lets it do is all that it needs, at a start, a reload, a change, an update, after a crash and at the end."""
    service.run("systemctl", "start", "penstockd")
    pid = service.show("MainPID")
    assert service.run("penstock", "status").startswith("gw-1 enforcing")
    rig.run("client", "ping", "-c1", "-W20", SERVER)
    service.run("systemctl", "reload", "penstockd")
    for change in ("on", "off"):
        service.run("penstock", "island", change)
    status = service.run("penstock", "status")
    assert "held up" not in status, f"events are not written:\n{status}"
    service.run("sh", "-c", "dpkg -i /var/tmp/penstock*.deb")
    assert service.show("MainPID") == pid, "an update restarted it"
    service.run("kill", "-SEGV", pid)
    await_restart(service, pid)
    assert service.run("penstock", "status").startswith("gw-1 enforcing")
    service.run("systemctl", "stop", "penstockd")
    assert service.show("Result") == "success", service.show("Result")
    service.run("systemctl", "start", "penstockd")


def check_as_service(rig, machine):
    try:
        with Service(rig, machine) as service:
            check_unit(rig, service)
            check_removed(machine, service.run)
            assert service.run("systemctl", "is-active", "penstockd", check=False)[0] != 0, "it runs on without its package"
    except CannotBoot as why:
        print(f"the unit was not started: {why}")
        check_removed(machine, machine.run)


def check_removed(machine, run_there):
    run_there("dpkg", "--purge", "penstockd", "penstock")
    for name in ("/usr/sbin/penstockd", "/usr/bin/penstock", "/etc/penstock/penstockd.conf", "/var/lib/penstock", "/var/log/penstock"):
        assert not os.path.lexists(machine.path(name)), f"{name} is left"
    assert os.path.exists(machine.path("/etc/penstock/plant.conf")), "the plant file is not the package's"


def check(rig, machine, debs):
    machine.install(debs)
    check_installed(machine)
    check_unconfigured(machine)
    start(rig, machine, Manager(machine))
    check_process(machine, rig.daemon.pid)
    check_running(rig, machine)
    check_events(rig, machine, rig.daemon.pid)
    rig.stop_gateway()
    check_as_service(rig, machine)


def test(root, folder=None):
    if os.geteuid() != 0:
        raise Skip("only root can install packages")
    need("dpkg-buildpackage", "dh", "systemd-sysusers", "ip", "ethtool", "ping")
    with Rig("penstockd") as rig:
        folder = folder or os.path.join(rig.work, "debs")
        if not os.path.isdir(folder):
            build(root, folder)
        lint(folder)
        debs = packages(folder)
        with Machine() as machine:
            check(rig, machine, debs)


if __name__ == "__main__":
    main(lambda: test(*sys.argv[1:]))
