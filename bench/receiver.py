"""How fast a joint really moves when the network loses, delays or holds up what the command bridge sends.

    python bench/receiver.py [--worlds 200] [--seed 0]

Uses the bridge, the network and the trajectory controller (100, 200 and 500 updates a second) of
``test/control/test_receiver_properties.py``, with an action of 0.4 rad/s, a joint of at most 0.6 rad/s and
8 rad/s². First the mean speed, and the range over 20 ms, on even networks; then the greatest speed and
acceleration (over 40 ms) in random worlds: ``stopped`` holds a direction up for 20 ms to 2 s, ``lossy`` loses
a part, ``late`` delays and bunches, ``anything`` does all of this at once. Takes a minute or two.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RATES = (100.0, 200.0, 500.0)
ACTIONS = ("bend", "stretch", "rest")


def load_world() -> Any:
    """Load the world from the tests, which are not a package."""
    sys.path.insert(0, str(ROOT))
    name = "test_receiver_properties"
    spec = importlib.util.spec_from_file_location(name, ROOT / "test" / "control" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def even(test: Any, link: Any) -> None:
    """Print the mean, least and greatest speed while an action goes on for 3 s."""
    for rate in RATES:
        world = test.World(rate, True, 0)
        world.armed()
        world.run(test.Span(0.5, "bend", link, link))
        begin = len(world.moved)
        world.run(test.Span(3.0, "bend", link, link))
        moved = world.moved[begin:]
        stride = max(round(0.02 * rate), 1)
        speeds = [
            (later[1] - earlier[1]) / (later[0] - earlier[0])
            for earlier, later in zip(moved, moved[stride:], strict=False)
        ]
        mean = (moved[-1][1] - moved[0][1]) / (moved[-1][0] - moved[0][0])
        print(f"  {mean:.3f} ({min(speeds):.2f} to {max(speeds):.2f})", end="")
    print()


def stopped(test: Any, chance: random.Random) -> list[Any]:
    """Return spans in which messages are held up or lost altogether."""
    spans = []
    for _ in range(chance.randint(1, 3)):
        silent = test.Link(loss=1.0)
        commands, states = chance.choice([(test.HELD, test.HELD), (silent, silent), (silent, test.GOOD)])
        duration = chance.choice([0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0, 2.0])
        spans.append(test.Span(duration, chance.choice(ACTIONS), commands, states))
        spans.append(test.Span(chance.choice([0.05, 0.1, 0.3, 0.6]), chance.choice(ACTIONS)))
    return spans


def lossy(test: Any, chance: random.Random) -> list[Any]:
    """Return spans in which a share of the messages is lost."""
    link = test.Link(
        chance.choice([0.3, 0.5, 0.7, 0.9]), chance.choice([0.0, 0.004, 0.02]), chance.choice([0.0, 0.01])
    )
    states = chance.choice([test.GOOD, link])
    return [
        test.Span(chance.choice([0.1, 0.2, 0.35, 0.6]), chance.choice(ACTIONS), link, states)
        for _ in range(chance.randint(2, 5))
    ]


def late(test: Any, chance: random.Random) -> list[Any]:
    """Return spans in which messages come late, evenly or bunched."""
    spans = []
    for _ in range(chance.randint(2, 4)):
        link = test.Link(0.0, chance.choice([0.02, 0.06, 0.15]), chance.choice([0.0, 0.01, 0.05, 0.1]))
        if chance.random() < 0.2:
            link = test.HELD
        states = chance.choice([test.GOOD, link])
        spans.append(test.Span(chance.choice([0.1, 0.2, 0.35, 0.6]), chance.choice(ACTIONS), link, states))
    return spans


def anything(test: Any, chance: random.Random) -> list[Any]:
    """Return spans of all kinds."""

    def link() -> Any:
        if chance.random() < 0.35:
            return chance.choice([test.GOOD, test.GOOD, test.HELD])
        return test.Link(
            chance.choice([0.0, 0.3, 0.7, 0.95, 1.0]),
            chance.choice([0.0, 0.004, 0.02, 0.06, 0.15]),
            chance.choice([0.0, 0.0, 0.01, 0.1]),
        )

    durations = [0.03, 0.1, 0.2, 0.35, 0.6, 1.1]
    return [
        test.Span(chance.choice(durations), chance.choice(ACTIONS), link(), link())
        for _ in range(chance.randint(1, 5))
    ]


def main() -> int:
    """Measure and print; a joint that does not work again afterwards is an error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200, help="random worlds of each kind")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    test = load_world()
    print(f"mean speed, rad/s (least to greatest), at {RATES} updates a second")
    for milliseconds in (0, 8, 20, 40, 60):
        print(f"round trip {milliseconds:2d} ms", end="")
        even(test, test.Link(delay=milliseconds / 2000))
    for milliseconds in (5, 20):
        print(f"jitter {milliseconds:6d} ms", end="")
        even(test, test.Link(jitter=milliseconds / 1000))
    print("random worlds: median, 99 %, greatest")
    for kind in (stopped, lossy, late, anything):
        chance = random.Random(args.seed)
        speeds, accelerations = [], []
        for i in range(args.worlds):
            world = test.World(chance.choice(RATES), True, i)
            world.armed()
            for span in kind(test, chance):
                world.run(span)
            world.armed()
            speeds.append(test.fastest(world.moved))
            accelerations.append(test.hardest(world.moved))
        for what, values in (("rad/s", speeds), ("rad/s²", accelerations)):
            shares = statistics.quantiles(values, n=100, method="inclusive")
            print(f"{kind.__name__:9} {shares[49]:6.2f} {shares[98]:6.2f} {max(values):6.2f}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
