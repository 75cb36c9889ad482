"""Search for a sequence of events that makes the command bridge move when it must not.

    python bench/bridge_invariants.py [--steps 100000] [--seed N]

Runs the state machine of ``test/control/bridge_machine.py`` (estimates, joint states, clocks, stop
input, arming, stops, parameters and models in any order) and checks every invariant after each step and
each tick. A step may be 100 ticks long. Prints what happened; if an invariant is violated, the exit
code is 1 and the shortest sequence found is printed. ``--steps 200`` takes seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sys
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

ROOT = Path(__file__).resolve().parents[1]
#: Steps of one sequence: enough to arm, move, fail and recover several times.
LENGTH = 50


def load_machine() -> Any:
    """Load the machine from the tests, which are not a package."""
    sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location(
        "bridge_machine", ROOT / "test" / "control" / "bridge_machine.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.BridgeMachine


def main() -> int:
    """Search; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100_000, help="steps in all (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(2**31), help="by default a random one"
    )
    args = parser.parse_args()
    print(f"random seed {args.seed}", flush=True)
    machine = load_machine()
    began = time.perf_counter()
    seen = machine.seen
    rounds = 0
    while seen["steps"] < args.steps:
        limits = settings(
            # A sequence may end early, so this is repeated until there are enough steps.
            max_examples=max(1, min(500, (args.steps - seen["steps"]) // LENGTH + 1)),
            stateful_step_count=LENGTH,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(seed(args.seed + rounds)(machine), settings=limits)
        rounds += 1
    for what, number in sorted(seen.items()):
        print(f"{number:10,}  {what}")
    print(f"no invariant was violated; {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
