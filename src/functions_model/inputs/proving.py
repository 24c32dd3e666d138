"""The inputs that say how a deployment is proven: their entries in the catalogue."""

from __future__ import annotations

from functions_model.inputs.specs import BLOB, QUEUE, WITH_AZURE, InputKind, InputSpec

LOOK_OR_SEND = ("look", "send")
ENTRIES: tuple[InputSpec, ...] = (
    InputSpec(
        "sample-request",
        InputKind.PATH,
        "A file that is sent to the live function as the last check. With a blob or queue trigger, the app's `check`"
        " function scores it.",
        modes=WITH_AZURE,
    ),
    InputSpec(
        "verify-timeout",
        InputKind.NUMBER,
        "Seconds that the app has to come alive.",
        default="600",
        modes=WITH_AZURE,
    ),
    InputSpec(
        "verify-trigger",
        InputKind.CHOICE,
        "How a blob or queue trigger is proven. `look` reads what it needs, and writes nothing into your data. `send`"
        " also sends the sample request through it, as a blob or message of its own, and waits for the answer; the"
        " login then needs roles on the data.",
        derived="`look`",
        choices=LOOK_OR_SEND,
        modes=WITH_AZURE,
        triggers=(BLOB, QUEUE),
    ),
)
