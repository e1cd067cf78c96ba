"""Pages of the registry. They parse, call one service or one read, and render; no rule lives here."""
