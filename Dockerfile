# syntax=docker/dockerfile:1
# One image for every role: `serve` (default), `worker`, `migrate`, `doctor`.

FROM node:22-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-fund --no-audit
COPY web/ ./
COPY contract/ ../contract/
RUN npm run build

FROM python:3.13-slim-bookworm AS python
WORKDIR /build
RUN python -m venv /opt/matinee
ENV PATH=/opt/matinee/bin:$PATH
# The runtime's dependencies alone, by hash: without the embedded servers and the tools of development.
COPY requirements-runtime.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-runtime.lock
COPY pyproject.toml README.md ./
COPY src/ src/
COPY migrations/ migrations/
COPY --from=web /build/src/matinee/web/ src/matinee/web/
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/matinee --create-home matinee \
 && install -d -o matinee -g matinee /var/lib/matinee/scratch /var/lib/matinee/cells
COPY --from=python /opt/matinee /opt/matinee
ENV PATH=/opt/matinee/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MATINEE_SCRATCH_DIR=/var/lib/matinee/scratch \
    MATINEE_CELL_CACHE_DIR=/var/lib/matinee/cells
USER 10001
WORKDIR /var/lib/matinee
EXPOSE 3000
STOPSIGNAL SIGTERM
# Not by urllib, which would ask a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import http.client, os; api = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('MATINEE_PORT') or 3000), timeout=3); api.request('GET', '/health'); exit(api.getresponse().status != 200)"]
ENTRYPOINT ["matinee"]
CMD ["serve"]
