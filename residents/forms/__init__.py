"""Forms of the registry's pages. What must be true of a record, checks and services say."""
