"""Benchmarks for asv, generated from the rows of ``tests/cases``.

asv machine --yes
asv run --quick                      # in this environment, each benchmark once
asv run --quick --bench Overhead     # only some
asv run --set-commit-hash $(git rev-parse HEAD)    # keep the results
"""
