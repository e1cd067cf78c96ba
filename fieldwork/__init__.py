"""Patrols, visits, attendance, campaigns, the phone app. Built by an issue of its own."""
