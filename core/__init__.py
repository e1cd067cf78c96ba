"""What every app stands on: errors, field ciphers, data versions, bulk writes, the API's manners. Knows no app."""
