"""Figures of speed and cost, each by a script of its own. How to run them: bench/README.md."""
