"""Boot a Debian kernel in QEMU with this machine's files, read-only, and run one Python file there.

Needs `qemu-system-x86_64`, a static `busybox`, `cpio` (`apt-get install qemu-system-x86 busybox-static
cpio`), and a Debian kernel with its modules, installed or unpacked (`apt-get download linux-image-...`,
`dpkg-deb -x`). The folder with `boot` and `lib/modules` is named by PLUMBLINE_KERNEL, `/` otherwise.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "cuse")
TOOLS = ("qemu-system-x86_64", "busybox", "cpio")


def what_is_missing() -> str:
    """Why no machine can be emulated here; empty where one can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    if kernel() is None:
        return (
            "needs a Debian kernel with modules, see PLUMBLINE_KERNEL in tests/hardware/emulated/machine.py"
        )
    return ""


def kernel() -> tuple[Path, Path] | None:
    """The newest kernel image and its folder of modules."""
    root = Path(os.environ.get("PLUMBLINE_KERNEL", "/"))
    for image in sorted(root.glob("boot/vmlinuz-*"), reverse=True):
        modules = root / "lib/modules" / image.name.removeprefix("vmlinuz-")
        if modules.is_dir():
            return image, modules
    return None


def in_order(folder: Path, wanted: tuple[str, ...]) -> list[Path]:
    """The files of the modules, each behind those that it says it depends on."""
    files = {path.name.split(".")[0].replace("-", "_"): path for path in folder.rglob("*.ko*")}
    found: list[Path] = []

    def add(name: str) -> None:
        path = files.get(name.replace("-", "_"))
        if path is None or path in found:
            return  # built into the kernel, or there already
        said = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for needed in said.group(1).decode().split(",") if said else []:
            if needed:
                add(needed)
        found.append(path)

    for name in wanted:
        add(name)
    return found


def run(guest: Path, work: Path, timeout_s: float) -> str:
    """Boot, run `guest` with this Python, switch off; returns what the console said."""
    image_and_modules = kernel()
    assert image_and_modules is not None
    image, folder = image_and_modules
    root = work / "root"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    busybox = shutil.which("busybox")
    assert busybox is not None
    shutil.copy(busybox, root / "bin/busybox")
    shutil.copy(HERE / "init.sh", root / "init")
    (root / "init").chmod(0o755)
    modules = in_order(folder, MODULES)
    for module in modules:
        shutil.copy(module, root / "lib" / module.name)
    (root / "modules").write_text("\n".join(module.name for module in modules) + "\n")
    (root / "job").write_text(f"python={sys.executable}\nguest={guest}\n")
    archive = work / "initramfs"
    names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
    with archive.open("wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=out, check=True)
    machine = ["-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1024"]
    shared = ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    boot = ["-kernel", str(image), "-initrd", str(archive), "-append", "console=ttyS0 panic=-1 quiet"]
    done = subprocess.run(
        ["qemu-system-x86_64", *machine, *shared, *boot, "-nographic", "-no-reboot"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
    )
    return (done.stdout + done.stderr).decode(errors="replace")
