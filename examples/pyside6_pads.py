"""Pads in Qt, which watches the engine's descriptor: python pyside6_pads.py [FILE...]"""

import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QGridLayout, QProgressBar, QPushButton, QWidget

import hotcue

KIT = sorted(Path(hotcue.__file__).with_name("kit").glob("*.[!j]*"))  # All but kit.json.


class Pads(QWidget):
    def __init__(self, engine: hotcue.AudioEngine, files: list[Path]) -> None:
        super().__init__(windowTitle="hotcue", minimumWidth=480)
        self.plays = [QPushButton(file.name.encode(errors="replace").decode()) for file in files]
        self.bars = [QProgressBar(value=0) for _ in files]
        grid = QGridLayout(self)
        for id, (play, bar) in enumerate(zip(self.plays, self.bars, strict=True)):
            grid.addWidget(play, id, 0)
            grid.addWidget(bar, id, 1)
            play.setEnabled(False)
            play.clicked.connect(lambda _, id=id: engine.play_sample(id))
        engine.on(progress=lambda it: self.bars[it["id"]].setValue(round(it["percent"])))
        engine.on(success=self.ready, error=lambda it: self.bars[it["id"]].setFormat(it["error"]))
        engine.load_many_async(enumerate(files))
        self.notifier = QSocketNotifier(engine.fileno(), QSocketNotifier.Type.Read)
        self.notifier.activated.connect(engine.dispatch_events)

    def ready(self, event: hotcue.events.SuccessEvent) -> None:
        self.plays[event["id"]].setEnabled(True)
        self.bars[event["id"]].setFormat(f"{event['duration_sec']:.2f} s")


app = QApplication([])
with hotcue.AudioEngine() as engine:
    pads = Pads(engine, [Path(file) for file in sys.argv[1:]] or KIT)
    pads.show()
    app.exec()
