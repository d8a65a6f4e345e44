"""Dear PyGui's own widgets, which the dialogs are made of, in the theme's colours."""

from __future__ import annotations

from dearpygui import dearpygui as dpg

from .. import theme


def bind() -> None:
    """Takes the theme for all widgets."""
    colours = {
        dpg.mvThemeCol_WindowBg: theme.PANEL,
        dpg.mvThemeCol_ChildBg: theme.WINDOW,
        dpg.mvThemeCol_PopupBg: theme.PANEL,
        dpg.mvThemeCol_TitleBg: theme.PANEL,
        dpg.mvThemeCol_TitleBgActive: theme.BUTTON,
        dpg.mvThemeCol_Text: theme.INK,
        dpg.mvThemeCol_Border: theme.LINE,
        dpg.mvThemeCol_FrameBg: theme.BUTTON,
        dpg.mvThemeCol_FrameBgHovered: theme.HOVER,
        dpg.mvThemeCol_FrameBgActive: theme.HOVER,
        dpg.mvThemeCol_Button: theme.BUTTON,
        dpg.mvThemeCol_ButtonHovered: theme.HOVER,
        dpg.mvThemeCol_ButtonActive: theme.HOVER,
        dpg.mvThemeCol_Header: theme.BUTTON,
        dpg.mvThemeCol_HeaderHovered: theme.HOVER,
        dpg.mvThemeCol_HeaderActive: theme.HOVER,
        dpg.mvThemeCol_TableHeaderBg: theme.BUTTON,
        dpg.mvThemeCol_ScrollbarBg: theme.WINDOW,
        dpg.mvThemeCol_ScrollbarGrab: theme.HOVER,
        dpg.mvThemeCol_CheckMark: theme.ACCENT,
    }
    with dpg.theme() as made, dpg.theme_component(dpg.mvAll):
        for item, colour in colours.items():
            dpg.add_theme_color(item, colour)
        for item in (dpg.mvStyleVar_FrameRounding, dpg.mvStyleVar_WindowRounding):
            dpg.add_theme_style(item, theme.ROUND)
        dpg.add_theme_style(dpg.mvStyleVar_FramePadding, 8, 5)
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, 12, 10)
    dpg.bind_theme(made)
