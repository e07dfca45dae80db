# The sidecar as a container: docker build -t guardrail . && docker run -e GUARDRAIL_UPSTREAM=https://... -p 8080:8080 guardrail
#
# Rules: every package comes by hash from requirements/; the image that runs holds no compiler, no cache and no build tool of
# ours; the process is never root, and the only place it writes to is the volume of the audit log, so the root file system can
# be read-only; nothing is started through a shell.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.lock requirements/run.lock requirements/
RUN ["python", "-m", "venv", "/opt/build"]
RUN ["/opt/build/bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", "requirements/build.lock"]
RUN ["python", "-m", "venv", "--without-pip", "/opt/guardrail"]
RUN ["/opt/build/bin/pip", "--python", "/opt/guardrail/bin/python", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", "requirements/run.lock"]
COPY pyproject.toml README.md ./
COPY policies policies
COPY guardrail guardrail
RUN ["/opt/build/bin/pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "/wheel", "."]
RUN ["/opt/build/bin/pip", "--python", "/opt/guardrail/bin/python", "install", "--quiet", "--no-deps", "--no-index", "--find-links", "/wheel", "guardrail"]
RUN ["/opt/guardrail/bin/guardrail", "--version"]

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="guardrail" \
      org.opencontainers.image.description="A sidecar that reads what a language model says before anyone else does, and applies your policy to it." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 guardrail \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/guardrail --shell /usr/sbin/nologin guardrail \
 && install --directory --owner 10001 --group 10001 --mode 0755 /var/lib/guardrail \
 && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/guardrail/audit
COPY --from=build /opt/guardrail /opt/guardrail
ENV PATH=/opt/guardrail/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1 \
    GUARDRAIL_HOST=0.0.0.0 \
    GUARDRAIL_PORT=8080 \
    GUARDRAIL_AUDIT=/var/lib/guardrail/audit
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/guardrail
VOLUME ["/var/lib/guardrail/audit"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['GUARDRAIL_PORT']), timeout=2); c.request('GET', '/_guardrail/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["guardrail"]
CMD ["serve"]
