"""Tables of results and how they look: text, HTML, LaTeX, Markdown.

The records live in ``table``; each renderer is a file. Nothing in this folder knows about logistic
regression, apart from the summaries that later name its quantities.
"""

from logit_inference.report.table import Column, Table

__all__ = ["Column", "Table"]
