# The sidecar. Build it from the root of the repository:
#   docker build -f deploy/images/exporter.Dockerfile -t tokentide-exporter .
FROM python:3.11-slim AS build
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir "pip>=25.3"
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY exporter exporter
COPY analyzer analyzer
COPY dashboards dashboards
RUN /venv/bin/pip install --no-cache-dir -c constraints.txt --build-constraint constraints.txt ".[exporter]"

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tokentide \
    && mkdir /records && chown tokentide /records
COPY --from=build /venv /venv
# Inside a container the ports are reached from outside; which of them are published is the container's matter.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOKENTIDE_LISTEN=0.0.0.0:8080 \
    TOKENTIDE_ADMIN=0.0.0.0:9464 \
    TOKENTIDE_HEALTH=0.0.0.0:9465 \
    TOKENTIDE_RECORDS=/records
USER 10001
VOLUME /records
EXPOSE 8080 9464 9465
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9465/healthz', timeout=2)"]
ENTRYPOINT ["tokentide-exporter"]
CMD ["serve"]
