"""Traffic with other systems: department keys here; webhooks, Open311, hotline intake have an issue of their own."""
