"""Papers to print."""

SCHEME = "paper:"  # addresses of pictures within a paper (papers.pdf)
