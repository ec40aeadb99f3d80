"""Kill anything at any moment under load, on a stack of its own, and compare what was acknowledged with what is seen.

`model` and `compare` are pure: what may be visible, and what is not as it should be. `client`, `guards` and `deeds` act
through HTTP as honest people do, `readers` look all the while, `faults` strike, `recovery` times what comes back; `ending`
compares. `python -m tests.chaos` runs all of it.
"""
