#!/usr/bin/env python3
"""A Pipecat-shaped client on aiortc: dials Thaw, plays a tone, measures what comes back, talks on the data channel.

Ends when it has heard enough or the limit is over, and prints what it saw as one JSON document. Exits 0 whatever it
saw: judging is the test's business.
Usage: aiortc_client.py OFFER_URL LIMIT_SECONDS [--expect MESSAGES] [--hear HERTZ] [--wrong-fingerprint]
"""
import argparse
import asyncio
import fractions
import json
import math
import re
import time
import urllib.error
import urllib.request

import aioice.ice
import av
import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

RATE, FRAME = 48000, 960
TONE_HZ = 1000
LOUD_FRAMES = 50  # one second

# aioice leaves loopback out of its candidates; this test has no other address to use.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


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


class Heard:
    def __init__(self, expected, hertz):
        self.expected, self.hertz = expected, hertz
        self.frames = self.loud = 0
        self.shares, self.messages = [], []
        self.enough = asyncio.Event()

    def message(self, message):
        pattern = bytes(range(256)) * 64
        self.messages.append(message if isinstance(message, str) else {"bytes": len(message), "intact": message == pattern})
        self.judge()

    def frame(self, frame):
        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
        share, rms = strength(samples, frame.sample_rate, self.hertz)
        self.frames += 1
        if rms > 500:
            self.loud += 1
            self.shares.append(share)
        self.judge()

    def judge(self):
        if self.loud >= LOUD_FRAMES and len(self.messages) >= self.expected:
            self.enough.set()


def strength(samples, rate, hertz):
    """The tone's share of the signal's energy, and the signal's RMS."""
    signal = samples.astype(float)
    rms = float(numpy.sqrt(numpy.mean(signal**2)))
    if rms < 1:
        return 0.0, rms
    phase = numpy.exp(-2j * math.pi * hertz * numpy.arange(len(signal)) / rate)
    tone = 2 * abs(numpy.mean(signal * phase)) / math.sqrt(2)
    return float(min(1.0, (tone / rms) ** 2)), rms


async def listen(track, heard):
    while True:
        heard.frame(await track.recv())


def post(url, body):
    """As Pipecat's client: a 5xx means again in 2 s, three times."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    for attempt in range(4):
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return json.load(response)
        except urllib.error.HTTPError as e:
            if e.code < 500 or attempt == 3:
                raise
            time.sleep(2)


def wrong(sdp):
    return re.sub(r"(a=fingerprint:\S+ )(..)", lambda m: m[1] + ("00" if m[2] != "00" else "FF"), sdp)


async def main(arguments):
    pc = RTCPeerConnection()
    pc.addTrack(Tone())
    channel = pc.createDataChannel("chat")
    heard = Heard(arguments.expect, arguments.hear)
    states, tasks = [], []
    opened = asyncio.Event()

    channel.on("open", opened.set)
    channel.on("message", heard.message)
    pc.on("track", lambda track: tasks.append(asyncio.ensure_future(listen(track, heard))))
    pc.on("connectionstatechange", lambda: states.append(pc.connectionState))

    await pc.setLocalDescription(await pc.createOffer())
    sdp = wrong(pc.localDescription.sdp) if arguments.wrong_fingerprint else pc.localDescription.sdp
    offer = {"sdp": sdp, "type": "offer", "pc_id": None, "restart_pc": False}
    answer = await asyncio.get_event_loop().run_in_executor(None, post, arguments.url, offer)
    await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    async def talk():
        await opened.wait()
        channel.send("ping: 1")
        channel.send(json.dumps({"id": "ab12cd34", "label": "rtvi-ai", "type": "client-ready", "data": {"version": "2.1.0"}}))
        channel.send("plain text")
        channel.send(bytes(range(256)) * 64)
        await heard.enough.wait()

    try:
        await asyncio.wait_for(talk(), arguments.limit)
    except asyncio.TimeoutError:
        pass
    shares = sorted(heard.shares)
    print(json.dumps({
        "opened": opened.is_set(),
        "enough": heard.enough.is_set(),
        "frames": heard.frames,
        "loud": heard.loud,
        "tone_share": shares[len(shares) // 2] if shares else 0.0,
        "messages": heard.messages,
        "states": states,
    }))
    for task in tasks:
        task.cancel()
    await pc.close()


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("limit", type=float)
parser.add_argument("--expect", type=int, default=1)
parser.add_argument("--hear", type=float, default=TONE_HZ)
parser.add_argument("--wrong-fingerprint", action="store_true")
asyncio.run(main(parser.parse_args()))
