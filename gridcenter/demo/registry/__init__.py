"""The registry of a demo county: buildings, dwellings, families, organisations, places; all fictional.

Everything is planned as columns (numpy arrays, one value per record) and written with COPY, so that 370,000 people
take a minute. `size` says how many of what, `fill.Filler` does it.
"""
