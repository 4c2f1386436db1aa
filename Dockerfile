# syntax=docker/dockerfile:1
# The front end is built with the Node that comes from PyPI, as everywhere else; nothing of it stays in the last image.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY requirements.txt requirements-demo.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN make setup && cp -r staticfiles /staticfiles

# The paper exchange alone, for trying the house out (`docker compose --profile paper`).
FROM python:3.13-slim-bookworm AS paper
WORKDIR /src
COPY --from=build /src/.venv .venv
COPY --from=build /src/bybit/__init__.py bybit/__init__.py
COPY --from=build /src/bybit/paper bybit/paper
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/src/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001

FROM python:3.13-slim-bookworm
# The client programs are for backups, and must be of the server's version.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gnupg && \
    python -c "import urllib.request as r; open('/etc/apt/trusted.gpg.d/pgdg.asc','wb').write(r.urlopen('https://www.postgresql.org/media/keys/ACCC4CF8.asc').read())" && \
    echo "deb https://apt.postgresql.org/pub/repos/apt bookworm-pgdg main" > /etc/apt/sources.list.d/pgdg.list && \
    apt-get update && apt-get install -y --no-install-recommends postgresql-client-18 && \
    apt-get purge -y gnupg && apt-get autoremove -y && rm -rf /var/lib/apt/lists/* && \
    mkdir /data && chown 10001:10001 /data && \
    useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin tradepost
COPY --from=build /venv /venv
WORKDIR /app
COPY --from=build /src/bybit bybit
COPY --from=build /src/positions positions
COPY --from=build /src/orders orders
COPY --from=build /src/webapp webapp
COPY --from=build /src/templates templates
COPY --from=build /src/frontend/dist frontend/dist
COPY --from=build /src/manage.py manage.py
COPY --from=build /staticfiles staticfiles
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TRADEPOST_DATA=/data
USER 10001:10001
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
