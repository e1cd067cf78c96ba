# gridcenter in service: one image for web, worker, beat and migrations.
# Python and its Debian release are those of requirements.lock; Node is only in the stage that builds the front end.

FROM node:24-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY vite.config.js ./
COPY frontend frontend
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM debian:bookworm-slim AS texts
RUN apt-get update -q && apt-get install -y -q --no-install-recommends gettext
COPY locale /build/locale
RUN find /build/locale -name '*.po' -exec sh -c 'msgfmt -o "${1%.po}.mo" "$1"' _ {} \;

FROM python:3.11-slim-bookworm
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends libgdal32 libgeos-c1v5 libproj25 \
       libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --create-home gridcenter \
    && install -d -o gridcenter /data/media /data/schedule
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=gridcenter.settings \
    DATA_DIR=/data \
    STATIC_ROOT=/srv/static
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
COPY --from=front-end /build/static/dist static/dist
COPY --from=texts /build/locale locale
# Collecting needs settings but no database and no secret; the demo mode makes up what is missing.
RUN GRIDCENTER_MODE=demo DATA_DIR=/tmp/build python manage.py collectstatic --noinput -v 0 && rm -rf /tmp/build
USER gridcenter
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "deploy/answers.py", "/healthz"]
CMD ["deploy/start", "python", "-m", "uvicorn", "gridcenter.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--timeout-graceful-shutdown", "3", "--log-level", "warning", "--no-access-log"]
