"""Whatever happens, in any order: the invariants that make the bridge harmless.

``python bench/bridge_invariants.py`` checks them over 100,000 steps and more of the same machine.
"""

from __future__ import annotations

from hypothesis import settings

from .bridge_machine import BridgeMachine

BridgeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestBridge = BridgeMachine.TestCase
