"""The servers that ours is measured beside; each is a program of its own."""
