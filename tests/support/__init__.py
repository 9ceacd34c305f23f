"""Fixtures and helpers of the tests and benchmarks. No test module imports another one."""
