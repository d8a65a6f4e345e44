"""The window: draws the board and hands on what the user does. These modules alone name Dear
PyGui."""
