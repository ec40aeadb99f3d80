"""What a bare Debian 12 needs before `make up`, installed step by step, each stamped by the hash of its lock.

Standard library only, since the Python environment is one of the things it makes. Built tools live in the user's cache
directory, so that a second checkout finds them; nothing is downloaded but through apt, pip, Maven and Go.
"""
