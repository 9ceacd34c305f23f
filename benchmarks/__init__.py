"""Measurements, printed as ratios of what was measured in the same run. `make bench` runs them all."""
