# The service without training: no torch. Runs as a user without rights, and with a root file system that cannot be written to.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY classifier ./classifier
COPY api ./api
COPY training ./training
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt --editable '.[serve]'

FROM python:3.11-slim-bookworm
# tesseract reads scanned pages; pg_dump makes backups of PostgreSQL.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends tesseract-ocr tesseract-ocr-eng postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin prevention \
    && install -d -o prevention -g prevention -m 700 /data
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY models ./models
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PREVENTION_DATA=/data \
    PREVENTION_HOST=0.0.0.0 \
    PREVENTION_PORT=8000 \
    PREVENTION_LOG_FORMAT=json
USER prevention
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
# `prevention init` changes nothing where the store is there and up to date; it prints the first key where it is new.
CMD ["sh", "-c", "prevention init && exec prevention serve"]
