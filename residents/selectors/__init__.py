"""Reads of the registry that are more than a queryset."""
