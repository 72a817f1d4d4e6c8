"""What publishing costs: `python -m benchmarks.publishing`.

CPU time of the whole process for each reading: while nobody watches, while somebody does, and by paho's own
`publish` for comparison, in the same run against a real Mosquitto on loopback with a reader subscribed. Then
the time from the call to a subscriber's callback, and how fast an outbox empties; device and reader are in
this one process, so the processor's time is of both.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_py.links.broker import start_broker
from firmware_py.links.mqtt import MqttSettings
from firmware_py.links.outbox import Outbox
from firmware_py.links.publisher import Publisher
from firmware_py.posture.events import Activity, MinutePassed, Posture, Reading
from firmware_py.posture.messages import Encoder, Watch, encode_request
from firmware_py.posture.tally import Tally

ROUNDS, EACH = 9, 500
BUDGET_US = 12.0
MINUTES = 1440


def cpu_us(call: Callable[[], object]) -> float:
    """Median CPU time of a call, of every thread of this process, µs."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(EACH):
            call()
        rounds.append((time.process_time() - began) / EACH * 1e6)
        time.sleep(0.05)  # the broker takes what has gathered
    return statistics.median(rounds)


def wait(true: Callable[[], object]) -> float:
    began = time.monotonic()
    while not true():
        time.sleep(0.002)
    return time.monotonic() - began


def main() -> None:
    reading = Reading(12.3, 4.567, -1.2, 4.567, None, 1.5, Posture.UPRIGHT, Activity.STILL, None, 1)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        broker = start_broker(Path(folder))
        encoder = Encoder("back", "run")
        arrived: list[float] = []
        reader = paho.Client(CallbackAPIVersion.VERSION2, "reader")
        reader.connect(broker.host, broker.port)
        reader.subscribe([("plumbline/v1/+/live", 0), ("plumbline/v1/+/minute", 1)])
        publisher = Publisher(
            MqttSettings(broker.host, broker.port), encoder, Outbox(Path(folder) / "outbox.db")
        )
        publisher.start()
        wait(lambda: publisher.connected)
        other = paho.Client(CallbackAPIVersion.VERSION2, "paho", protocol=MQTTProtocolVersion.MQTTv5)
        other.connect(broker.host, broker.port)
        other.loop_start()
        wait(other.is_connected)

        idle = cpu_us(lambda: publisher(reading))
        reader.loop_start()
        ask = encode_request("back", "w", Watch(0.0, 100.0, "benchmark"))
        reader.publish(ask.topic, ask.payload, qos=1)
        wait(lambda: publisher.watched)
        reader.loop_stop()  # the reader's own time is not ours
        ours = cpu_us(lambda: publisher(reading))
        theirs = cpu_us(lambda: other.publish("plumbline/v1/back/live", encoder.live(reading)))
        other.loop_stop()
        print(f"a reading nobody watches    {idle:6.2f} us")
        print(f"a reading that is watched   {ours:6.2f} us   (budget {BUDGET_US:.0f} us)")
        print(f"the same by paho.publish    {theirs:6.2f} us   ({theirs / ours:.1f} times ours)")

        reader.loop_start()
        time.sleep(1.0)
        reader.on_message = lambda *_: arrived.append(time.monotonic())
        took = []
        for _ in range(200):
            arrived.clear()
            sent = time.monotonic()
            publisher(reading)
            wait(lambda: arrived)
            took.append(1e3 * (arrived[0] - sent))
            time.sleep(0.02)
        cuts = statistics.quantiles(took, n=100)
        print(f"from the call to a reader   {cuts[49]:6.2f} ms median, {cuts[98]:.2f} ms p99")

        began_s = time.process_time()
        for minute in range(MINUTES):
            publisher(MinutePassed(60.0 * (minute + 1), 60.0 * minute, Tally(600, 600, {"upright": 600})))
        took_s = wait(lambda: publisher.waiting() == 0)
        used_s = time.process_time() - began_s
        print(f"a day of minutes delivered  {took_s:6.2f} s for {MINUTES}, {used_s:.2f} s of processor time")
        publisher.stop(0.5)
        reader.loop_stop()
        broker.stop()


if __name__ == "__main__":
    main()
