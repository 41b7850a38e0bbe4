"""Which faults can a stack suffer, and what does it lack for the others?"""

from __future__ import annotations

from stack.faults import Fault, discover
from stack.process import StackError
from stack.settings import StackSettings
from workbench import moves
from workbench.fault_plan import fault_names


def kinds() -> dict[str, type[Fault]]:
    """Faults and moves by name; what lies in the input needs nothing of a stack."""
    return {**discover(), **moves.discover()}


def require_fit(text: str, settings: StackSettings) -> None:
    """Refuse a fault that would find nothing to break, before a run is spent on it.

    Parameters
    ----------
    text
        As in `workbench.fault_plan.fault_names`.
    settings
        Of the stack that is to be broken.

    Raises
    ------
    stack.process.StackError
        If a fault is unknown or does not fit.
    """
    known = kinds()
    for name in fault_names(text):
        kind = known.get(name)
        if kind is not None and not kind.fits(settings):
            raise StackError(f"{name} needs {kind.needs}")
