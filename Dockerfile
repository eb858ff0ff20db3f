# The platform in one image; docker-compose.yml says which process a container is. Nothing of the demonstration is in it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements-production.lock ./
RUN pip install --require-hashes --only-binary :all: -r requirements-production.lock
COPY . .
# Node comes from a wheel, into an environment that stays behind with this stage.
COPY requirements-node.lock ./
RUN python -m venv --system-site-packages /node \
    && /node/bin/pip install --require-hashes --only-binary :all: -r requirements-node.lock \
    && PYTHONPATH=/venv/lib/python3.11/site-packages /node/bin/python -m ops.assets \
    && python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf .run/node

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin tanhui \
    && mkdir -p /data/media /data/beat && chown -R tanhui:tanhui /data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MEDIA_ROOT=/data/media
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER tanhui
EXPOSE 8000 8100
