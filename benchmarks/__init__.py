"""Measures Nightlatch: `python -m benchmarks`. What the figures mean stands in docs/performance.md."""
