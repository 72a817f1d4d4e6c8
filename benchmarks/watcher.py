"""A page's stand-in, in a process of its own: watches a device, and says how many readings it heard.

python -m benchmarks.watcher HOST PORT DEVICE      # until its standard input ends
"""

from __future__ import annotations

import itertools
import sys

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware_py.posture.messages import Channel, Watch, encode_request, topic


def main() -> None:
    host, port, device = sys.argv[1:]
    readings = itertools.count()
    request_ids = (f"watch{i}" for i in itertools.count())
    client = paho.Client(CallbackAPIVersion.VERSION2)

    def heard(_client: object, _data: object, message: paho.MQTTMessage) -> None:
        if message.topic == topic(device, Channel.LIVE):
            next(readings)
        elif b'"online"' in message.payload:  # as a page does when the device comes
            request = encode_request(device, next(request_ids), Watch(0.0, 120.0))
            client.publish(request.topic, request.payload, qos=1)

    client.on_message = heard
    client.on_subscribe = lambda *_: print("watching", flush=True)
    client.connect(host, int(port))
    # Every channel: what nobody listens to, the device keeps and offers again later.
    client.subscribe([(topic(device, channel), 1) for channel in Channel if channel is not Channel.COMMAND])
    client.loop_start()
    sys.stdin.read()
    client.disconnect()
    client.loop_stop()
    print(next(readings))


if __name__ == "__main__":
    main()
