"""Run every benchmark."""

from __future__ import annotations

import logging

from benchmarks import desktop, fleet, online, pages, sweep

logging.disable(logging.CRITICAL)  # The figures are what is to be read.
desktop.main()
online.main()
fleet.main()
sweep.main()
pages.main()
