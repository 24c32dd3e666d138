"""The page of `functions-model try`, driven as a person does it, beside a real `try`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.console import tried
from support.driving import browser, page
from support.project import ECHO_SCRIPT, write_echo_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.exhaustive, pytest.mark.needs("chromium")]

IMAGE_SCRIPT = """\
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse


def init():
    print("an image comes back")


@rawhttp
def run(request):
    return AMLResponse(request.get_data(False), 200)
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f0005000"
    "1ff56c7b5d20000000049454e44ae426082"
)
"""One pixel."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Under a name that a shell has to quote."""
    folder = tmp_path / "my model"
    folder.mkdir()
    write_echo_project(folder)
    (folder / "requirements.txt").unlink()
    (folder / "src" / "score.py").rename(folder / "score.py")
    (folder / "sample.json").unlink()
    (folder / "sample-request.json").write_text('{"x":1.0,"text":"a, b"}')
    return folder


class Seen:
    """A page that is looked at, and the errors that the browser has found in it."""

    def __init__(self, shown: Page, address: str) -> None:
        self.page = shown
        self.errors: list[str] = []
        shown.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        shown.on("pageerror", lambda error: self.errors.append(str(error)))
        shown.goto(address)

    def expect(self, element: str, text: str) -> None:
        """Wait until the element has the text among others."""
        expect(self.page.locator(element)).to_contain_text(text, timeout=120_000)

    def answered(self, text: str) -> None:
        """Wait for an answer."""
        self.expect("#answer-body", text)

    @property
    def is_too_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))


@pytest.fixture
def look() -> Iterator[Page]:
    """A browser's page."""
    with browser() as opened, page(opened) as shown:
        yield shown


def test_a_model_is_tried_in_a_browser(project: Path, look: Page, tmp_path: Path) -> None:
    """The sample is filled in and answered; an edit changes the answer, a broken one tells its line.

    A file is sent, and an image shown; the command does the same in a shell. Nothing scrolls sideways on a phone, in
    light and in dark.
    """
    with tried(project, "--engine", "process", "--auth-level", "function") as trial:
        seen = Seen(look, trial.page())
        seen.expect("#stage", "Live")
        assert '{ "x": 1.0, "text": "a, b" }' == look.input_value("#body")

        look.locator("#body").focus()
        look.keyboard.press("Control+Enter")
        seen.answered('{ "model": "first", "got": { "x": 1.0, "text": "a, b" } }')
        seen.expect("#status", "200")
        seen.expect("#facts", " ms · ")
        seen.expect("#log", "app | the model is loaded")
        look.locator("#by-hand summary").click()
        command = look.locator("#command").inner_text()
        assert f"--data-binary '@{project / 'sample-request.json'}'" in command
        assert '--header "x-functions-key: $KEY"' in command

        look.fill("#body", '{"x": "it\'s"}')
        look.get_by_role("button", name="Send", exact=True).click()
        seen.answered('"it\'s"')
        assert "--data-raw '{\"x\": \"it'\\''s\"}'" in look.locator("#command").inner_text()
        look.get_by_role("button", name="Back to the sample").click()
        look.get_by_label("Send again after each change").check()
        (project / "score.py").write_text(ECHO_SCRIPT.replace('"got"', '"heard"'))
        seen.answered('"heard"')
        seen.expect("#notice", "Version 2 is live: score.py.")

        (project / "score.py").write_text(ECHO_SCRIPT.replace("    global model", "    raise OSError('libdnn.so')"))
        seen.expect("#stage", "Failed")
        seen.expect("#notice", "OSError: libdnn.so (score.py:7)")
        look.get_by_role("button", name="Send", exact=True).click()
        seen.expect("#status", "500")
        seen.expect("#raised", "OSError: libdnn.so (score.py:7)")
        look.locator("#past button").last.click()
        seen.answered('"first"')
        for dark in (False, True):
            look.emulate_media(color_scheme="dark" if dark else "light")
            for width in (400, 1280):
                look.set_viewport_size({"width": width, "height": 860})
                look.screenshot(path=tmp_path / f"{width}-{'dark' if dark else 'light'}.png", full_page=True)
                assert not seen.is_too_wide, (width, dark)

        (project / "score.py").write_text(IMAGE_SCRIPT)
        look.get_by_label("Send again after each change").uncheck()
        seen.expect("#stage", "Live")
        look.locator("#pick").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": PNG})
        seen.expect("#file-name", "dot.png, 70 bytes")
        look.keyboard.press("Control+Enter")
        expect(look.locator("#answer-image")).to_be_visible()
        assert 1 == look.locator("#answer-image").evaluate("image => image.naturalWidth")
        shown = look.content()
        assert 130 == trial.stop()
        seen.expect("#stage", "The command has stopped")

    allowed = ("500 (", "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
    assert [] == [error for error in seen.errors if not any(one in error for one in allowed)]
    assert "x-functions-key" not in shown.replace("x-functions-key: $KEY", "")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"trigger": "blob", "input-path": "requests/{name}.json", "output-path": "answers/{name}.json"},
            "Put sample-request.json to requests/sample.json -> answers/sample.json",
        ),
        (
            {"trigger": "service-bus-queue", "input-queue-name": "in", "output-queue-name": "out"},
            "Sent sample-request.json to the queue in -> out",
        ),
    ],
    ids=["blob", "queue"],
)
def test_a_trigger_is_used_from_a_browser(project: Path, look: Page, inputs: dict[str, str], said: str) -> None:
    """What is sent goes through the trigger, again and again, and each answer is that of its own request."""
    (project / "inputs.yml").write_text("".join(f"{name}: {json_of(text)}\n" for name, text in inputs.items()))
    with tried(project, "--engine", "process") as trial:
        seen = Seen(look, trial.page())
        seen.expect("#stage", "Live")
        for text in ("first", "second"):
            look.fill("#body", f'{{"x": "{text}"}}')
            look.get_by_role("button", name="Send", exact=True).click()
            seen.answered(f'"got": {{ "x": "{text}" }}')
        seen.expect("#said", said)
        seen.expect("#status", "Answered")

    assert [] == [error for error in seen.errors if "ERR_" not in error]


def json_of(text: str) -> str:
    """As YAML takes it, braces and all."""
    return f"'{text}'"
