# The scripted engine and the load client of the demo, for Compose. Not meant for production.
FROM python:3.11-slim AS build
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir "pip>=25.3"
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY exporter exporter
COPY analyzer analyzer
COPY dashboards dashboards
RUN /venv/bin/pip install --no-cache-dir -c constraints.txt --build-constraint constraints.txt ".[exporter]" --group demo

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tokentide
COPY --from=build /venv /venv
COPY examples /examples
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
ENTRYPOINT ["python"]
CMD ["/examples/engine.py", "--host", "0.0.0.0"]
