"""A small world that is played against a running stack through HTTP, measured, and shown.

`album` and `world` say what happens, as plain values from a seed; `pictures`, `landscapes`, `lights` and `prints` make the
photographs; `play` performs the world, `measure` times it, `checks` counts after it, `show` tells about it.
"""
