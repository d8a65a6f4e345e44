"""An engine's events as records of `logging`.

No thread of the engine's ever runs Python, and so none of them logs: the program does, in its own
thread, with the events that it reads anyway::

    while (event := engine.poll_loader_events()) is not None:
        log_event(event)
"""

from __future__ import annotations

import logging

from .events import DeviceEvent, LoaderEvent, SuccessEvent

LOGGER = logging.getLogger("hotcue")


def log_event(event: LoaderEvent, logger: logging.Logger = LOGGER) -> None:
    """Logs an event to `logger`, with the event itself as the record's `event`.

    A failed load is an error; a warning are an output that is lost or was never there, a source
    from which nothing comes, and each of the warnings in a `success`. Outputs that start or come
    back are information, everything else is for debugging, and `progress` is left out. A path with
    signs that cannot be shown, such as line breaks, is written as `repr` writes it.
    """
    extra = {"event": event}
    match event["type"]:
        case "error":
            where = "" if event["path"] is None else f"{_shown(event['path'])}: "
            logger.error("id %d: %s%s", event["id"], where, event["error"], extra=extra)
        case "stalled":
            message = "id %d: nothing has come from its source for %.1f s"
            logger.warning(message, event["id"], event["stalled_sec"], extra=extra)
        case "device":
            logger.log(_level(event), "output %s: %s", event["state"], event["name"], extra=extra)
        case "success":
            _log_success(event, logger)
        case "progress":
            pass
        case name:
            logger.debug("id %s: %s", event["id"], name, extra=extra)


def _shown(path: str) -> str:
    """The path as it is, unless it would begin a line or has bytes that no text file takes."""
    return path if path.isprintable() else repr(path)


def _level(event: DeviceEvent) -> int:
    return logging.WARNING if event["state"] in ("lost", "fallback") else logging.INFO


def _log_success(event: SuccessEvent, logger: logging.Logger) -> None:
    extra = {"event": event}
    for warning in event["warnings"]:
        logger.warning("id %d: %s", event["id"], warning["message"], extra=extra)
    message = "id %d: loaded %.3f s in %.1f ms"
    logger.debug(message, event["id"], event["duration_sec"], event["load_ms"], extra=extra)
