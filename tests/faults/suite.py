"""The faults, each a function of a world and how often it is done; `verify` follows each of them."""

from __future__ import annotations

import random
import signal
import socket
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py.posture.events import BreakDue, SessionStarted
from firmware_py.posture.messages import MAX_PAYLOAD_BYTES, Encoder

from .link import Link
from .machine import World, resident_mb, until, until_beyond
from .places import Cable, small_disk
from .verdict import verify

DAY_S = 86_400.0


def finish(world: World, device: subprocess.Popen[bytes]) -> int:
    """End a device in order, wait for what it promised, and check all."""
    device.send_signal(signal.SIGTERM)
    assert device.wait(60.0) == 0, "the device did not end in order"
    world.settle()
    return verify(world)


def kill_device(world: World, times: int, chance: random.Random) -> str:
    """Kill the device at random moments; each start ends what the kill broke off."""
    for _ in range(times):
        device = world.start_device()
        before = len(world.promises())
        until_beyond(lambda: len(world.promises()), before)
        time.sleep(chance.uniform(0.0, 0.6))
        device.kill()
        device.wait()
    stored = finish(world, world.start_device())
    return f"{times} kills of the device: {stored} messages, each once, every session ended"


def kill_monitor(world: World, times: int, chance: random.Random, at_once: int = 1) -> str:
    """The same with the whole monitor: driver, filter, judgement and all, in real time.

    `at_once` wearers share the kills, because most of the time is a monitor's start.
    """
    names = [f"worn{number}" for number in range(min(at_once, times))]
    moments = {name: [chance.uniform(0.0, 4.0) for _ in range(times)][number :: len(names)]
               for number, name in enumerate(names)}  # fmt: skip
    with ThreadPoolExecutor(len(names)) as pool:
        missing_s = [one for lost in pool.map(lambda name: _lives(world, name, moments[name]), names)
                     for one in lost]  # fmt: skip
    stored = verify(world)
    return (
        f"{times} kills of the whole monitor: {stored} messages, each once, every session ended; each kill "
        f"cost the last {statistics.median(missing_s):.1f} s in the median, {max(missing_s):.1f} s at most"
    )


def _lives(world: World, name: str, moments_s: list[float]) -> list[float]:
    """A wearer whose monitor is killed these times after each beginning; the seconds that each kill cost."""
    killed_utc_s = []
    for moment_s in moments_s:
        monitor = world.start_monitor(name)
        time.sleep(moment_s)
        killed_utc_s.append(time.time())
        monitor.kill()
        monitor.wait()
    last = world.start_monitor(name)
    last.send_signal(signal.SIGTERM)
    assert last.wait(60.0) == 0, "the monitor did not end in order"
    until(lambda: world.sessions_of(name, "NOT ended") == 0, 120.0)
    ends = (
        "SELECT end_utc_ms FROM sessions JOIN devices USING (device_id) WHERE name = ? ORDER BY start_utc_ms"
    )
    until(lambda: len(world.stored(ends, name)) == len(moments_s) + 1)
    return [
        killed - float(str(end_ms)) / 1000
        for killed, (end_ms,) in zip(killed_utc_s, world.stored(ends, name)[:-1], strict=True)
    ]


def kill_broker(world: World, times: int, chance: random.Random) -> str:
    """Kill the broker at random moments and start it again after a while."""
    device = world.start_device()
    until(lambda: world.stored_count() > 0)
    slowest_s = 0.0
    for _ in range(times):
        time.sleep(chance.uniform(0.1, 0.6))
        world.kill_broker()
        time.sleep(chance.uniform(0.0, 0.8))
        world.restart_broker()
        count = world.stored_count()
        slowest_s = max(slowest_s, until_beyond(world.stored_count, count))
    stored = finish(world, device)
    return (
        f"{times} kills of the broker: {stored} messages, each once; flowing again within {slowest_s:.1f} s"
    )


def kill_dashboard(world: World, times: int, chance: random.Random) -> str:
    """Kill the dashboard at random moments, in its start-up and in the midst of storing."""
    device = world.start_device()
    until(lambda: world.stored_count() > 0)
    for _ in range(times):
        time.sleep(chance.uniform(0.2, 2.5))
        world.kill_dashboard()
    stored = finish(world, device)
    return f"{times} kills of the dashboard: {stored} messages, each once"


def tear_link(world: World, times: int, chance: random.Random) -> str:
    """Reset the connection after a random byte, mostly in the middle of a message."""
    device = world.start_device()
    until(lambda: world.stored_count() > 0)
    for _ in range(times):
        torn = world.link.torn
        world.link.tear_after = chance.randrange(1, 4000)
        until_beyond(lambda: world.link.torn, torn)
    stored = finish(world, device)
    return f"{times} connections reset in mid-message: {stored} messages, each once"


def cut_cable(world: World, gaps_s: list[float]) -> str:
    """A device in a network of its own whose only cable is pulled: no packet, no reset, no word to anyone."""
    with Cable() as cable:
        link = Link(world.port, cable.near)
        device = world.start_device(
            "--pause-s", "0.1", "--host", cable.near, port=link.port, within=cable.within
        )
        until(lambda: world.stored_count() > 0)
        slowest_s = 0.0
        for gap_s in gaps_s:
            cable.pull()
            time.sleep(gap_s)
            cable.plug()
            count = world.stored_count()
            slowest_s = max(slowest_s, until_beyond(world.stored_count, count, 60.0))
        stored = finish(world, device)
        link.stop()
    gaps = ", ".join(f"{gap_s:g}" for gap_s in gaps_s)
    return f"cable pulled for {gaps} s: {stored} messages, each once; flowing again within {slowest_s:.1f} s"


def lose_link(world: World, gaps_s: list[float]) -> str:
    """Let the network go silent for a while, with no word to anyone."""
    device = world.start_device("--pause-s", "0.1")
    until(lambda: world.stored_count() > 0)
    for gap_s in gaps_s:
        world.link.state = "silent"
        time.sleep(gap_s)
        world.link.state = "up"
        count = world.stored_count()
        until_beyond(world.stored_count, count, 60.0)
    stored = finish(world, device)
    return f"silences of {', '.join(f'{gap_s:g}' for gap_s in gaps_s)} s: {stored} messages, each once"


def fill_disk(world: World, times: int = 1) -> str:
    """Fill the device's disk to the last byte, cut its power, make room; what it promised was on it."""
    with small_disk(world.folder / "device", kilobytes=400) as disk:
        for _ in range(times):
            world.link.state = "down"
            device = world.start_device("--burst", "8")
            held = 0
            while held < 50:  # as many looks, a while apart, at which nothing more was promised
                before = len(world.promises())
                time.sleep(0.04)
                held = held + 1 if len(world.promises()) == before > 0 else 0
            assert device.poll() is None, "the device did not outlive a full disk"
            device.kill()
            device.wait()
            disk.grow(400)
            world.link.state = "up"
        disk.grow(100_000)
        stored = finish(world, world.start_device())
    return f"{times} times a full disk, and a power cut on it: {stored} messages, each once"


def step_clock(world: World) -> str:
    """Boot in 1970, be set, step a day forwards and back, lose power while wrong, and be right again."""
    device = None
    for off_s, cut in ((-time.time() + 5.0, True), (-time.time() + 60.0, False), (0.0, False), (DAY_S, False),
                       (-DAY_S, True), (0.0, False), (3600.0, False), (0.0, False)):  # fmt: skip
        world.clock.write_text(repr(off_s))
        if device is None:
            device = world.start_device("--pause-s", "0.1")
        count = len(world.promises())
        until_beyond(lambda: len(world.promises()), count + 8)
        time.sleep(0.6)  # three looks at the clock
        if cut:
            device.kill()
            device.wait()
            device = None
    stored = finish(world, device or world.start_device())
    return f"clock from 1970, ±1 day, ±1 h, with two power cuts: {stored} messages, each once and dated right"


def flood(world: World, messages: int, chance: random.Random) -> str:
    """Malformed, oversized and forged messages at the dashboard, while a device goes on."""
    device = world.start_device()
    until(lambda: world.stored_count() > 0)
    before_mb = resident_mb(world.dashboard)
    forged = Encoder("evil", "x")
    forged.encode(SessionStarted(0.5, "x-1", 1))
    real = forged.encode(BreakDue(1.0, 1800.0)).payload
    attacker = paho.Client(CallbackAPIVersion.VERSION2, "attacker")
    attacker.connect("127.0.0.1", world.port)
    attacker.loop_start()
    topics = ["minute", "event", "session", "anchor", "status", "reply", "live"]
    for number in range(messages):
        kind = chance.randrange(6)
        if kind == 0:
            payload = chance.randbytes(chance.randrange(400))
        elif kind == 1:
            payload = b"[" * chance.randrange(MAX_PAYLOAD_BYTES, 2 * MAX_PAYLOAD_BYTES)
        elif kind == 2:
            payload = real[: chance.randrange(len(real))]
        elif kind == 3:
            payload = real.replace(b'"schema":1', b'"schema":99')
        elif kind == 4:
            payload = real.replace(b"1.0", chance.choice([b"NaN", b"1e999", b"-5.0", b'"x"']))
        else:
            flipped = bytearray(real)
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            payload = bytes(flipped)
        device_name = chance.choice(["evil", "evil-2", "x" * 41, "a b"])
        attacker.publish(f"plumbline/v1/{device_name}/{chance.choice(topics)}", payload, qos=number % 2)
        if number % 200 == 0:
            time.sleep(0.05)
    time.sleep(1.0)
    attacker.loop_stop()
    attacker.disconnect()
    count = world.stored_count()
    until(lambda: world.stored_count() > count, 60.0)
    assert world.dashboard.poll() is None, "the dashboard did not outlive the flood"
    grown_mb = resident_mb(world.dashboard) - before_mb
    assert grown_mb < 60.0, f"the dashboard grew by {grown_mb:.0f} MB"
    device.send_signal(signal.SIGTERM)
    device.wait(60.0)
    world.settle()
    return (
        f"a flood of {messages} messages that are none: the dashboard grew by {grown_mb:.0f} MB and went on"
    )


def slow_consumer(world: World, messages: int = 3000) -> str:
    """A reader that subscribes and then reads nothing: the others do not notice."""
    device = world.start_device("--burst", "20")
    until(lambda: world.stored_count() > 0)  # the dashboard hears
    lazy = socket.create_connection(("127.0.0.1", world.port))
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    lazy.sendall(bytes.fromhex("101000044d5154540402003c0004") + b"lazy")
    lazy.recv(4)
    subscription = b"plumbline/v1/#"
    lazy.sendall(bytes((0x82, 5 + len(subscription), 0, 1, 0, len(subscription))) + subscription + b"\x01")
    until(lambda: len(world.promises()) > messages, 120.0)
    stored = finish(world, device)
    lazy.close()
    return f"a reader that reads nothing: {stored} messages reached the others, each once"


def offline_day(world: World, minutes: int = 1440) -> tuple[str, float]:
    """A day without a broker: how long it takes to arrive, in the store, once there is one."""
    world.link.state = "down"
    events = minutes * 4
    device = world.start_device("--burst", "40", "--pause-s", "0.005", "--limit", str(events))
    until(lambda: len(world.promises()) >= events, 120.0)
    world.link.state = "up"
    promised = set(world.promises())
    took_s = until(lambda: world.stored_count() >= len(promised), 120.0)
    stored = finish(world, device)
    return (
        f"{minutes} minutes with their events ({stored} messages) of an offline device: {took_s:.1f} s",
        took_s,
    )


def two_devices(world: World, times: int, chance: random.Random) -> str:
    """Two at once, one of them renamed after a kill with messages left to send."""
    other = world.start_device("--device", "other", data="other")
    for _ in range(times):
        one = world.start_device()
        time.sleep(chance.uniform(0.5, 1.5))
        one.kill()
        one.wait()
    world.link.state = "down"
    one = world.start_device()
    count = len(world.promises())
    until(lambda: len(world.promises()) > count + 20)
    one.kill()
    one.wait()
    world.link.state = "up"
    renamed = world.start_device("--device", "renamed")
    time.sleep(1.0)
    other.send_signal(signal.SIGTERM)
    other.wait(60.0)
    stored = finish(world, renamed)
    return f"two devices, one renamed with messages left to send: {stored} messages, each once"


def all_in_any_order(world: World, times: int, chance: random.Random) -> str:
    """Broker, dashboard and device restarted in any order."""
    device = world.start_device()
    until(lambda: world.stored_count() > 0)
    for _ in range(times):
        what = chance.choice(["broker", "dashboard", "device"])
        if what == "broker":
            world.kill_broker()
            time.sleep(chance.uniform(0.0, 1.0))
            world.restart_broker()
        elif what == "dashboard":
            world.kill_dashboard()
        else:
            device.kill()
            device.wait()
            device = world.start_device()
        time.sleep(chance.uniform(0.1, 2.0))
    stored = finish(world, device)
    return f"{times} restarts of anything in any order: {stored} messages, each once"


def new_world(folder: Path, name: str) -> World:
    """A world of its own for one fault."""
    world = World(folder / name)
    until(lambda: world.store.exists(), 60.0)
    return world
