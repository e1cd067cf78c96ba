"""Pages of the registry as a browser asks for them: statements, time in the database and in all.

`python -m bench.registry_pages --people 371400 2200000 --rounds 100`. Asked through Django's own client with all
middleware, by an operator of the whole county. The floor is the same client asking for /healthz.
"""

from bench import registry

MOST_QUERIES = 8  # issue 3, § 5: building face, household, resident page, independent of size
PAGES = ("building", "household", "resident")
FRAGMENTS = ("timeline",)


def measure(run, people):
    from django.conf import settings
    from django.test import override_settings

    plain = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }  # nobody has run collectstatic here
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        _measure(run, people)


def _measure(run, people):
    from django.test import Client
    from django.urls import reverse

    from residents.models import Building, Household, Resident

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(registry.person("operator", level=0), "django.contrib.auth.backends.ModelBackend")
    models = {"building": Building, "household": Household, "resident": Resident, "timeline": Resident}

    def ask(address, **headers):
        answer = client.get(address, headers=headers, secure=True)
        assert answer.status_code == 200, (address, answer.status_code)

    ask("/healthz")
    floor = registry.p95([registry.in_database(lambda: ask("/healthz")).seconds for _n in range(30)]) * 1000
    for name in (*PAGES, *FRAGMENTS):
        headers = {"HX-Request": "true"} if name in FRAGMENTS else {}
        addresses = [
            reverse(f"residents:{name}", args=[pk])
            for pk in registry.sample(models[name], min(run.options.rounds, 100), "pk", **_there(name))
        ]
        ask(addresses[0], **headers)
        timings = [
            registry.in_database(lambda to=address, more=headers: ask(to, **more)) for address in addresses
        ]
        line = run.line(f"page: {name}", people, timings)
        line.beside(floor)
        line.ask("statements", line.queries, MOST_QUERIES)


def _there(name):
    return {"ended_on": None} if name in ("building", "household") else {"status": "living"}


def main():
    run = registry.Run("pages", "Pages of the registry", rounds=100)
    for people in run.sizes:
        with run.inside(people):
            measure(run, people)
    run.finish()


if __name__ == "__main__":
    main()
