# The analyzer. Build it from the root of the repository:
#   docker build -f deploy/images/analyzer.Dockerfile -t tokentide-analyzer .
FROM python:3.11-slim AS build
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir "pip>=25.3"
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY exporter exporter
COPY analyzer analyzer
COPY dashboards dashboards
RUN /venv/bin/pip install --no-cache-dir -c constraints.txt --build-constraint constraints.txt ".[analyzer]"

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tokentide \
    && mkdir /records /reports && chown tokentide /records /reports
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001
VOLUME /reports
ENTRYPOINT ["tokentide-analyzer"]
CMD ["report", "/records", "--out", "/reports"]
