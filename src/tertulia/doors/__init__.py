"""Doors: where clients arrive, each speaking one protocol. They translate and decide nothing."""
