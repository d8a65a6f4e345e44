"""``hotcue pads``: pads that play samples, in a window (Dear PyGui, the extra ``hotcue[pads]``).

What a pad is, what becomes of it and where everything lies knows no window: `board`, `pad`,
`sets`, `layout`, `keys`, `pixels` and `theme` are plain Python. `window` draws it.
"""
