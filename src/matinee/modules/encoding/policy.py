"""What is made of a video though nobody watches it yet."""

from typing import Literal

from msgspec.structs import replace

from matinee.media.model import Plan

Policy = Literal["eager", "on_demand"]
"""`eager`: every rendition as a whole; `on_demand`: the lowest rung and the sound, of the others what is watched.

With `on_demand` not even the lowest rung is made where the source's own picture is offered: it conforms, and costs
no encode at all.
"""


def opens_copied(plan: Plan, policy: Policy) -> Plan:
    """The plan as it holds with a policy: whether its copied picture alone makes the video playable."""
    return replace(plan, opens_copied=policy == "on_demand" and plan.copied is not None)


def unasked(plan: Plan, policy: Policy, cells: range) -> list[str]:
    """The rungs that are made of these cells though nobody watches.

    With `on_demand` the lowest, which serves seeking and pictures. Of the first cell all: most viewers begin there,
    and players need each rung's init segment before they ask for any other cell of it.
    """
    if policy == "eager":
        return [rung.name for rung in plan.video]
    if plan.opens_copied:
        return []
    return [rung.name for rung in (plan.video if cells.start == 0 else plan.video[:1])]
