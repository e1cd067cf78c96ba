"""Guide of service items, requests done on behalf of residents. Built by an issue of its own."""
