"""An integration that hangs when it is imported."""

while True:
    pass
