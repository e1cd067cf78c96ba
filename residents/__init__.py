"""The registry of people, places, things and organisations (人地物组织). It is built by an issue of its own."""
