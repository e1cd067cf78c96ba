"""A database for one run beside the given one: create it, drop it; forget Redis keys of one prefix.

`create URL SUFFIX [TEMPLATE]` prints the new database's address; `drop URL`; `forget REDIS_URL PREFIX`.
"""

import sys
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
import redis
from psycopg2 import sql


def server(url):
    """A connection to the server's own database, in which databases are made and dropped."""
    parts = urlsplit(url)
    connection = psycopg2.connect(
        host=unquote(parts.hostname or "") or None,
        port=parts.port or 5432,
        user=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        dbname="postgres",
    )
    connection.autocommit = True
    return connection


def create(url, suffix, template="template1"):
    """Make `<database>_<suffix>`, a copy of `template`, and print its address."""
    parts = urlsplit(url)
    name = f"{parts.path.strip('/') or 'gridcenter'}_{suffix}"
    with server(url).cursor() as cursor:
        names = map(sql.Identifier, (name, template))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    sys.stdout.write(urlunsplit(parts._replace(path=f"/{name}")) + "\n")


def drop(url):
    """Drop the database of `url`, whoever is still connected."""
    name = urlsplit(url).path.strip("/")
    with server(url).cursor() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def forget(url, prefix):
    """Delete every key that begins with `prefix`."""
    client = redis.Redis.from_url(url)
    for key in client.scan_iter(match=f"{prefix}*", count=1000):
        client.delete(key)


if __name__ == "__main__":
    try:
        {"create": create, "drop": drop, "forget": forget}[sys.argv[1]](*sys.argv[2:])
    except (psycopg2.Error, redis.RedisError) as error:
        sys.exit(f"{sys.argv[1]}: {str(error).strip()}")
