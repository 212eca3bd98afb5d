"""Dice: a slash-command with typed arguments, in a plugin of one function.

    tertulia serve --plugin examples/plugins/dice.py

Then `/roll`, `/roll 20`, or `/roll 6 3`, which everybody in the room sees.
"""

from __future__ import annotations

import random

from tertulia.plugins import Call, command

MOST = 100


@command(aliases=("dado", "dados"))
async def roll(call: Call, sides: int = 6, dice: int = 1) -> None:
    """Rolls one or more dice, for all to see."""
    if not (2 <= sides <= MOST and 1 <= dice <= MOST):
        raise call.refusal(f"Up to {MOST} dice of 2 to {MOST} sides, please.")
    thrown = [random.randint(1, sides) for _ in range(dice)]
    total = f" = {sum(thrown)}" if dice > 1 else ""
    await call.post(f"rolls {' + '.join(map(str, thrown))}{total}", action=True)
