"""What goes wrong: each fault does its damage to a running graph and says when it began and ended."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from campaign.graph import CHAIN, ONLOOKERS, ChaosGraph
from campaign.strangers import OBEYED, TOPICS

Span = tuple[float, float]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes
    ----------
    name : str
        For the table; its first word is the kind.
    happen : callable
        Does it to a graph; returns when it began and when it ended, s on the steady clock.
    stops : bool
        Whether the joints must stand soon after it has begun, until it ends.
    stays : bool
        Whether they must go on standing until somebody arms.
    goes_on : bool
        Whether it is none of the bridge's business: the joints must still move afterwards.
    obeyed : bool
        Whether it commands the joints itself, which nothing in the robot can prevent.
    arms : bool
        Whether it asks to arm itself, so that motion is no fault.
    needs : str
        The only output with which it is possible; empty for any.
    """

    name: str
    happen: Callable[[ChaosGraph, random.Random], Span]
    stops: bool = False
    stays: bool = False
    goes_on: bool = False
    obeyed: bool = False
    arms: bool = False
    needs: str = ""


def _stopped(name: str, low: float, high: float) -> Callable[[ChaosGraph, random.Random], Span]:
    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        begin = graph.send(name, signal.SIGSTOP)
        graph.spin_for(choice.uniform(low, high))
        return begin, graph.send(name, signal.SIGCONT)

    return happen


def _ended(name: str, how: signal.Signals) -> Callable[[ChaosGraph, random.Random], Span]:
    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        begin = graph.send(name, how)
        # One that ends in order is at work until it has ended.
        while name not in graph.dead() and time.monotonic() - begin < 10.0:
            graph.spin_for(0.005)
        begin = time.monotonic()
        graph.spin_for(choice.uniform(0.6, 1.2))
        end = time.monotonic()
        graph.start(name)
        return begin, end

    return happen


def _starved(name: str) -> Callable[[ChaosGraph, random.Random], Span]:
    """Let a process run for some milliseconds only, now and then."""

    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        begin = time.monotonic()
        while time.monotonic() - begin < 1.5:
            graph.send(name, signal.SIGSTOP)
            graph.spin_for(choice.uniform(0.02, 0.2))
            graph.send(name, signal.SIGCONT)
            graph.spin_for(choice.uniform(0.002, 0.05))
        return begin, time.monotonic()

    return happen


def _busy_machine(graph: ChaosGraph, choice: random.Random) -> Span:
    begin = time.monotonic()
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    graph.spin_for(choice.uniform(0.5, 1.5))
    for hog in hogs:
        hog.kill()
        hog.wait()
    return begin, time.monotonic()


def _second(name: str, *, arm: bool = False) -> Callable[[ChaosGraph, random.Random], Span]:
    """Start a second node of the same name, and kill it."""

    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        begin = time.monotonic()
        second = graph.copy_of(name)
        graph.spin_for(choice.uniform(1.0, 3.0))
        if arm:
            graph.arm()
            graph.spin_for(0.5)
        second.kill()
        second.wait()
        return begin, time.monotonic()

    return happen


def _disturbed(line: str, how: str, low: float = 0.6) -> Callable[[ChaosGraph, random.Random], Span]:
    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        seconds = choice.uniform(low, 1.5)
        begin = time.monotonic()
        graph.disturb(line, how, seconds)
        graph.spin_for(seconds)
        return begin, begin + seconds

    return happen


def _emergency_stop(graph: ChaosGraph, choice: random.Random) -> Span:
    graph.press_emergency_stop(True)
    begin = time.monotonic()
    graph.spin_for(choice.choice((0.1, 0.3, 0.5, 1.0)))
    graph.press_emergency_stop(False)
    graph.spin_for(1.2)
    return begin, time.monotonic()


def _service(name: str) -> Callable[[ChaosGraph, random.Random], Span]:
    def happen(graph: ChaosGraph, _choice: random.Random) -> Span:
        begin = graph.ask(name)
        graph.spin_for(1.0)
        return begin, time.monotonic()

    return happen


def _stranger(topic: str, manner: str) -> Callable[[ChaosGraph, random.Random], Span]:
    """Publish on a topic of the robot for up to a second, and be gone."""

    def happen(graph: ChaosGraph, choice: random.Random) -> Span:
        publisher = graph.node.create_publisher(*reversed_pair(topic))
        graph.stranger.listening = False
        begin, pause = time.monotonic(), choice.choice((0.005, 0.02, 0.1))
        while time.monotonic() - begin < choice.uniform(0.3, 1.0):
            publisher.publish(graph.stranger.message(topic, manner, choice))
            graph.spin_for(pause)
        graph.node.destroy_publisher(publisher)
        return begin, time.monotonic()

    def reversed_pair(name: str) -> tuple[object, str, object]:
        kind, profile = TOPICS[name]
        return kind, name, profile

    return happen


def _full_disk(graph: ChaosGraph, choice: random.Random) -> Span:
    begin = time.monotonic()
    graph.send("recorder", signal.SIGKILL)
    graph.start_with_small_disk("recorder", choice.choice((100_000, 400_000)))
    graph.spin_for(6.0)
    # Whether it has ended or not: the next one has room.
    graph.start("recorder")
    return begin, time.monotonic()


#: After these have stopped and come back, somebody must arm.
LATCHING = ("enabling_switch",)
MANNERS = ("wild", "nearly", "nearly", "old", "ahead", "copy")


def all_faults(*, onlookers: bool) -> list[Fault]:
    """Return every fault."""
    faults = [
        Fault("CPU taken by others", _busy_machine),
        Fault("service disarm", _service("disarm"), stops=True, stays=True),
        Fault("service stop", _service("stop"), stops=True, stays=True),
        Fault("second enabling_switch, killed", _second("enabling_switch")),
        Fault("second classifier, killed", _second("classifier")),
        Fault("second command_bridge, killed", _second("command_bridge", arm=True), arms=True),
        Fault("second exoskeleton, killed", _second("simulated_exoskeleton"), needs="trajectory"),
        Fault("emergency stop", _emergency_stop, stops=True, stays=True, needs="serial"),
        Fault("line device: silent", _disturbed("device", "hold"), stops=True, needs="serial"),
        Fault("line armband: silent", _disturbed("armband", "hold"), stops=True),
    ]
    for how in ("garbage", "lose", "damage"):
        faults.append(Fault(f"line device: {how}", _disturbed("device", how), needs="serial"))
        faults.append(Fault(f"line armband: {how}", _disturbed("armband", how)))
    for name in (*CHAIN, "enabling_switch"):
        stays = name in LATCHING
        faults += [
            Fault(f"stop {name}", _stopped(name, 0.6, 2.5), stops=True, stays=stays),
            Fault(f"pause {name}", _stopped(name, 0.03, 0.5)),
            Fault(
                f"kill {name}",
                _ended(name, signal.SIGKILL),
                stops=True,
                stays=name in ("command_bridge", *LATCHING),
            ),
            Fault(
                f"restart {name}",
                _ended(name, signal.SIGINT),
                stops=True,
                stays=name in ("command_bridge", *LATCHING),
            ),
            Fault(f"starve {name}", _starved(name)),
        ]
    exoskeleton = "simulated_exoskeleton"
    faults += [
        Fault("stop exoskeleton", _stopped(exoskeleton, 0.6, 2.5), stops=True),
        Fault("pause exoskeleton", _stopped(exoskeleton, 0.03, 0.5)),
        Fault("kill exoskeleton", _ended(exoskeleton, signal.SIGKILL)),
        Fault("restart exoskeleton", _ended(exoskeleton, signal.SIGINT)),
        Fault("starve exoskeleton", _starved(exoskeleton)),
    ]
    for topic in TOPICS:
        for manner in MANNERS:
            faults.append(
                Fault(f"stranger {topic}: {manner}", _stranger(topic, manner), obeyed=topic in OBEYED)
            )
    if onlookers:
        faults.append(Fault("full disk of the recorder", _full_disk, goes_on=True))
        for name in ONLOOKERS:
            faults += [
                Fault(f"stop {name}", _stopped(name, 0.6, 2.5), goes_on=True),
                Fault(f"kill {name}", _ended(name, signal.SIGKILL), goes_on=True),
            ]
    return faults
