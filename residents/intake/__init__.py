"""Files into the registry: read, compared with what is there, looked through by a person, applied whole or not at all."""
