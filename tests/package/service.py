# SPDX-License-Identifier: GPL-2.0-or-later
"""systemd as process 1 of a copy of this machine, in namespaces of its own: the unit as it is, with every wall of it.

    with Service(rig, machine) as service:
        service.run("systemctl", "start", "penstockd")

Devices of this machine are not there but for /dev/null and the like. CannotBoot says why it is not possible here.
"""
import os
import shutil
import subprocess
import time

N_WAIT = 60  # seconds that systemd may take to come up
# What would look after devices, clocks and networks, or mount what is the kernel's alone.
MASKED = """systemd-udevd.service systemd-udev-trigger.service systemd-udevd-control.socket systemd-udevd-kernel.socket
systemd-logind.service systemd-timesyncd.service systemd-networkd.service systemd-resolved.service systemd-modules-load.service
systemd-sysctl.service systemd-tmpfiles-setup-dev.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount""".split()
BOOT = """
mount --make-rprivate / && cd "$1" &&
mount -t proc none proc && mount -t sysfs none sys && mount -t bpf none sys/fs/bpf && mount -t cgroup2 none sys/fs/cgroup &&
mount -t tmpfs -o mode=755 none dev && mkdir dev/pts dev/shm && chmod 1777 dev/shm &&
for name in null zero full random urandom tty; do
    mknod -m 666 dev/$name c $(stat -c '0x%t 0x%T' /dev/$name) || exit 1
done &&
pivot_root . opt && umount -l /opt &&
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target
"""


class CannotBoot(Exception):
    """systemd cannot run here, and why."""


def cgroup_root():
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields[2] == "cgroup2":
                return fields[1]
    raise CannotBoot("there is no cgroup2 here")


class Service:
    def __init__(self, rig, machine):
        self.rig, self.machine, self.boot, self.pid = rig, machine, None, None
        if not os.path.exists("/lib/systemd/systemd") or shutil.which("nsenter") is None:
            raise CannotBoot("systemd or nsenter is not installed")
        self.cgroup = os.path.join(cgroup_root(), f"penstock-test-{os.getpid()}")

    def __enter__(self):
        try:
            os.mkdir(self.cgroup)
        except OSError as error:
            raise CannotBoot(f"no cgroup of its own: {error}") from error
        try:
            self._prepare()
            self._boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.boot is not None and self.boot.poll() is None:
            self.boot.kill()  # unshare; systemd and all below it go with it
        if self.boot is not None:
            self.boot.wait()
        for _ in range(100):
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass  # somebody is still on the way out
            if not os.path.exists(self.cgroup):
                return
            time.sleep(0.05)

    def _prepare(self):
        machine = self.machine
        for name in MASKED:
            path = machine.path(f"/etc/systemd/system/{name}")
            if not os.path.lexists(path):
                os.symlink("/dev/null", path)
        for folder, _, names in os.walk(machine.path("/etc/systemd/system")):
            if folder.endswith(".wants"):
                for name in names:
                    os.unlink(os.path.join(folder, name))
        policy = machine.path("/usr/sbin/policy-rc.d")  # of containers: that packages may start and stop nothing
        if os.path.lexists(policy):
            os.unlink(policy)
        os.makedirs(machine.path("/opt"), exist_ok=True)
        machine.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")

    def _boot(self):
        def enter_cgroup():
            with open(os.path.join(self.cgroup, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write("0")

        command = self.rig.command("gw", "unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child",
                                   "sh", "-c", BOOT, "sh", self.machine.root)
        log = os.path.join(self.rig.work, "boot.log")
        with open(log, "wb") as file:
            self.boot = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                         preexec_fn=enter_cgroup)
        end = time.monotonic() + N_WAIT
        while time.monotonic() < end and self.boot.poll() is None:
            with open(f"/proc/{self.boot.pid}/task/{self.boot.pid}/children", encoding="ascii") as file:
                self.pid = (file.read().split() or [None])[0]
            if self.pid and self.run("systemctl", "is-active", "basic.target", check=False)[0] == 0:
                return
            time.sleep(0.2)
        with open(log, encoding="utf-8", errors="replace") as file:
            raise CannotBoot(f"systemd does not come up in namespaces here: {file.read().strip() or 'it says nothing'}")

    def run(self, *command, check=True):
        """Runs a program beside the unit; what it printed."""
        done = subprocess.run(["nsenter", "--target", self.pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", *command],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        text = done.stdout.decode("utf-8", "replace")
        if check and done.returncode:
            journal = self.run("journalctl", "--no-pager", "-u", "penstockd", check=False)[1]
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{text}{journal}")
        return text if check else (done.returncode, text)

    def show(self, name):
        return self.run("systemctl", "show", "--value", f"--property={name}", "penstockd").strip()
