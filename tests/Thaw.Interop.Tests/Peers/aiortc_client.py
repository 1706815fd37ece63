#!/usr/bin/env python3
"""A Pipecat-shaped client on aiortc: dials Thaw, plays a tone, measures what comes back, talks on the data channel.

Prints one JSON document with what it saw. Exits 0 whatever it saw: judging is the test's business.
Usage: aiortc_client.py OFFER_URL SECONDS
"""
import asyncio
import fractions
import json
import math
import sys
import time
import urllib.request

import av
import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

RATE, FRAME = 48000, 960
TONE_HZ = 1000


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self):
        super().__init__()
        self.at, self.start = 0, time.monotonic()

    async def recv(self):
        await asyncio.sleep(max(0.0, self.start + self.at / RATE - time.monotonic()))
        samples = 8000 * numpy.sin(2 * math.pi * TONE_HZ * (self.at + numpy.arange(FRAME)) / RATE)
        frame = av.AudioFrame.from_ndarray(samples.astype(numpy.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.at, fractions.Fraction(1, RATE)
        self.at += FRAME
        return frame


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def strength(samples, rate):
    """The tone's share of the signal's energy, and the signal's RMS."""
    signal = samples.astype(float)
    rms = float(numpy.sqrt(numpy.mean(signal**2)))
    if rms < 1:
        return 0.0, rms
    phase = numpy.exp(-2j * math.pi * TONE_HZ * numpy.arange(len(signal)) / rate)
    tone = 2 * abs(numpy.mean(signal * phase)) / math.sqrt(2)
    return float(min(1.0, (tone / rms) ** 2)), rms


async def listen(track, heard):
    while True:
        frame = await track.recv()
        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
        heard["frames"] += 1
        share, rms = strength(samples, frame.sample_rate)
        if rms > 500:
            heard["loud"] += 1
            heard["tone_share"] = max(heard["tone_share"], share)


async def main(url, seconds):
    pc = RTCPeerConnection()
    pc.addTrack(Tone())
    channel = pc.createDataChannel("chat")
    heard = {"frames": 0, "loud": 0, "tone_share": 0.0}
    messages, states, tasks = [], [], []
    opened = asyncio.Event()

    channel.on("open", opened.set)
    channel.on("message", lambda m: messages.append(m if isinstance(m, str) else {"bytes": len(m)}))
    pc.on("track", lambda track: tasks.append(asyncio.ensure_future(listen(track, heard))))
    pc.on("connectionstatechange", lambda: states.append(pc.connectionState))

    await pc.setLocalDescription(await pc.createOffer())
    offer = {"sdp": pc.localDescription.sdp, "type": "offer", "pc_id": None, "restart_pc": False}
    answer = await asyncio.get_event_loop().run_in_executor(None, post, url, offer)
    await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    try:
        await asyncio.wait_for(opened.wait(), 10)
        channel.send("ping: 1")
        channel.send(json.dumps({"id": "ab12cd34", "label": "rtvi-ai", "type": "client-ready", "data": {"version": "2.1.0"}}))
        channel.send("plain text")
        channel.send(bytes(range(256)) * 64)  # 16 KiB
    except asyncio.TimeoutError:
        pass
    await asyncio.sleep(seconds)
    print(json.dumps({"opened": opened.is_set(), "heard": heard, "messages": messages, "states": states, "pc_id": answer.get("pc_id")}))
    for task in tasks:
        task.cancel()
    await pc.close()


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
