"""How a test sees and works each toolkit: by its own loop, without a word in the examples."""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from examples_screen import Area, Screen
from numpy.typing import NDArray

from hotcue.cli.picture.canvas import Canvas

Step: TypeAlias = Callable[[], None]
Pixels: TypeAlias = NDArray[np.uint8]
"""Shape ``(height, width, 3)``."""


class Toolkit(ABC):
    """Names are those of what an example shows."""

    @abstractmethod
    def attach(self, step: Step) -> None:
        """Has `step` called in each turn of the toolkit's loop. Raises `ImportError` where the
        toolkit, or a library that it needs, is not here."""

    @abstractmethod
    def texts(self) -> dict[str, Area | None]:
        """All that can be read now, and where that is in the window, as far as one can tell."""

    @abstractmethod
    def press(self, name: str) -> Iterator[None]:
        """Presses the button on which that can be read."""

    @abstractmethod
    def picture(self) -> Pixels:
        """What is shown."""

    @abstractmethod
    def close(self) -> None:
        """Closes it, as people do."""

    def save(self, path: Path) -> None:
        """Writes what is shown."""
        pixels = self.picture()
        canvas = Canvas(pixels.shape[1], pixels.shape[0], (0, 0, 0))
        canvas.paint(0, 0, pixels)
        path.write_bytes(canvas.png())


class OnScreen(Toolkit):
    """Those that are worked by a pointer, on a screen."""

    def __init__(self) -> None:
        self.screen = Screen()

    def press(self, name: str) -> Iterator[None]:
        area = self.texts()[name]
        assert area is not None
        self.screen.move(area.left + area.width / 2, area.top + area.height / 2)
        for down in (True, False):
            for _ in range(5):
                yield
            self.screen.press(down=down)

    def picture(self) -> Pixels:
        return self.screen.picture()

    def close(self) -> None:
        self.screen.close()


class Tk(OnScreen):
    def attach(self, step: Step) -> None:
        import tkinter

        mainloop = tkinter.Misc.mainloop

        def stepped(window: tkinter.Misc, n: int = 0) -> None:
            self.window = window

            def again() -> None:
                step()
                window.after(10, again)

            window.after(10, again)
            mainloop(window, n)

        tkinter.Misc.mainloop = stepped  # type: ignore[method-assign]

    def texts(self) -> dict[str, Area | None]:
        return {
            str(widget["text"]): Area(
                widget.winfo_x(), widget.winfo_y(), widget.winfo_width(), widget.winfo_height()
            )
            for widget in self.window.winfo_children()
            if widget.winfo_class() in ("TButton", "TLabel")
        }


class DearPyGui(OnScreen):
    def attach(self, step: Step) -> None:
        from dearpygui import dearpygui

        self.dpg = dearpygui
        render = dearpygui.render_dearpygui_frame

        def stepped() -> None:
            render()
            step()

        dearpygui.render_dearpygui_frame = stepped

    def texts(self) -> dict[str, Area | None]:
        found: dict[str, Area | None] = {}
        for item in self.dpg.get_all_items():
            told = self.dpg.get_item_configuration(item)
            text = told.get("overlay") or told.get("label")
            if text:
                state = self.dpg.get_item_state(item)
                known = "rect_min" in state and told["show"]
                found[text] = Area(*state["rect_min"], *state["rect_size"]) if known else None
        return found


class ImGuiBundle(OnScreen):
    """Immediate: what can be read, and where, is what was drawn in the last frame."""

    def attach(self, step: Step) -> None:
        from imgui_bundle import imgui, immapp

        self.drawn: dict[str, Area | None] = {}
        drawing: dict[str, Area | None] = {}

        def noted(draw: Callable[..., Any], which: int) -> Callable[..., Any]:
            @functools.wraps(draw)
            def drawn(*args: Any) -> Any:
                result = draw(*args)
                low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
                drawing[str(args[which])] = Area(low.x, low.y, high.x - low.x, high.y - low.y)
                return result

            return drawn

        imgui.button = noted(imgui.button, 0)
        imgui.progress_bar = noted(imgui.progress_bar, 2)
        run = immapp.run

        def stepped(draw: Callable[[], None], *args: Any, **options: Any) -> None:
            def frame() -> None:
                drawing.clear()
                draw()
                self.drawn = dict(drawing)
                step()

            run(frame, *args, **options)

        immapp.run = stepped

    def texts(self) -> dict[str, Area | None]:
        return self.drawn


class PySide6(Toolkit):
    """On Qt's own platform `offscreen`."""

    def attach(self, step: Step) -> None:
        from PySide6 import QtCore, QtTest, QtWidgets

        self.widgets, self.test = QtWidgets, QtTest.QTest
        run = QtWidgets.QApplication.exec

        def stepped(*_: Any) -> int:
            timer = QtCore.QTimer()
            timer.timeout.connect(step)
            timer.start(10)
            return int(run())

        QtWidgets.QApplication.exec = stepped  # type: ignore[method-assign]

    def _window(self) -> Any:
        (window,) = self.widgets.QApplication.topLevelWidgets()
        return window

    def _found(self) -> dict[str, Any]:
        kinds = (self.widgets.QPushButton, self.widgets.QProgressBar, self.widgets.QLabel)
        return {
            widget.text(): widget for kind in kinds for widget in self._window().findChildren(kind)
        }

    def texts(self) -> dict[str, Area | None]:
        return {
            text: Area(widget.x(), widget.y(), widget.width(), widget.height())
            for text, widget in self._found().items()
        }

    def press(self, name: str) -> Iterator[None]:
        from PySide6.QtCore import Qt

        self.test.mouseClick(self._found()[name], Qt.MouseButton.LeftButton)
        yield

    def picture(self) -> Pixels:
        from PySide6.QtGui import QImage

        image = self._window().grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        # A copy: the memory is the image's.
        return rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).copy()

    def close(self) -> None:
        self._window().close()


class Pygame(Toolkit):
    """On SDL's driver `dummy`."""

    def attach(self, step: Step) -> None:
        import pygame

        self.pygame = pygame
        self.drawn: dict[str, Area | None] = {}
        drawing: dict[str, Area | None] = {}
        flip, font = pygame.display.flip, pygame.font.SysFont

        def stepped() -> None:
            flip()
            self.drawn = dict(drawing)
            drawing.clear()
            step()

        class Noted:
            def __init__(self, *args: Any) -> None:
                self.font = font(*args)

            def render(self, text: str, *args: Any) -> Any:
                drawing[text] = None
                return self.font.render(text, *args)

        pygame.display.flip = stepped
        pygame.font.SysFont = Noted  # type: ignore[assignment]

    def texts(self) -> dict[str, Area | None]:
        return self.drawn

    def press(self, name: str) -> Iterator[None]:
        # Nobody tells where a text is: the first pad is at the top left.
        assert next(iter(self.drawn)).startswith(name)
        for kind in (self.pygame.MOUSEBUTTONDOWN, self.pygame.MOUSEBUTTONUP):
            self.pygame.event.post(self.pygame.event.Event(kind, pos=(50, 50), button=1))
            yield

    def picture(self) -> Pixels:
        shown = self.pygame.surfarray.array3d(self.pygame.display.get_surface())
        return np.ascontiguousarray(shown.swapaxes(0, 1))

    def close(self) -> None:
        self.pygame.event.post(self.pygame.event.Event(self.pygame.QUIT))


class Textual(Toolkit):
    """Without a terminal; its pictures are SVG, in which words are words."""

    def attach(self, step: Step) -> None:
        from textual.app import App
        from textual.pilot import Pilot

        run = App.run
        self.closed = False

        async def drive(pilot: Pilot[Any]) -> None:
            self.pilot = pilot
            while not self.closed:
                step()
                await asyncio.sleep(0.01)
            await pilot.press("ctrl+q")

        def stepped(app: App[Any]) -> Any:
            return run(app, headless=True, size=(100, 20), auto_pilot=drive)

        App.run = stepped  # type: ignore[method-assign,assignment]

    def _buttons(self) -> dict[str, Any]:
        from textual.widgets import Button

        return {str(button.label): button for button in self.pilot.app.query(Button)}

    def texts(self) -> dict[str, Area | None]:
        return dict.fromkeys(self._buttons())

    def press(self, name: str) -> Iterator[None]:
        (button,) = (it for text, it in self._buttons().items() if text.startswith(name))
        clicking = asyncio.ensure_future(self.pilot.click(button))
        while not clicking.done():
            yield

    def picture(self) -> Pixels:
        raise NotImplementedError("it is text")

    def save(self, path: Path) -> None:
        path.write_text(self.pilot.app.export_screenshot())

    def close(self) -> None:
        self.closed = True


TOOLKITS: dict[str, type[Toolkit]] = {
    "dearpygui": DearPyGui,
    "imgui_bundle": ImGuiBundle,
    "pygame": Pygame,
    "pyside6": PySide6,
    "textual": Textual,
    "tk": Tk,
}
