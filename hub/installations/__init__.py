"""An installation from its first day to its last: install, authorize, options, notices, doctor."""
