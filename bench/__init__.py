"""The benchmarks: what the newsletter does, beside its peers, in one run on one machine.

``python -m bench`` measures words (render, compile, fill) and sending (the CLI's own ``send``),
prints a table with ratios and writes ``bench/results/latest.json``. Absolute times are for scale
only; ``bench/README.md`` says what is compared and how.
"""
