# The context is a folder with the static program: see tests/cluster/images.py.
FROM scratch
COPY pause /pause
USER 65535:65535
ENTRYPOINT ["/pause"]
