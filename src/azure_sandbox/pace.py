"""How fast the listeners of the sandbox's hosts fail: at once, or as slowly as the real ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `Pace()` is short, for tests; `Pace.live()` is the real one.

    Attributes:
        unreachable: Until a Service Bus client tells that nobody answers: it tries three times more before.
        start_again: From a listener that could not start to its next try.
        receive_again: From a receiver that was refused to its next try.
        first_failure: In which a listener has reported its first failure; None: as long as on Azure.
    """

    unreachable: float = 0.0
    start_again: float = 1.0
    receive_again: float = 0.4
    first_failure: float | None = 1.0

    @classmethod
    def live(cls) -> Pace:
        """What the clients wait for.

        Azure/azure-sdk-for-net, ServiceBusRetryOptions.cs: three tries more, 0.8 s, 1.6 s and 3.2 s apart. Azure/azure-
        webjobs-sdk, FunctionListener.cs: two seconds at first.
        """
        return cls(unreachable=5.6, start_again=2.0, receive_again=1.0, first_failure=None)
