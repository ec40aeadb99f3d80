"""Settings, the local stack and how it is set up.

Imported by `__main__` files only. `infra.setup` and this file run on a bare `/usr/bin/python3`: standard library only.
"""
