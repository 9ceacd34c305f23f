"""Installations of integrations: install, authorize, options, access, notices, doctor."""
