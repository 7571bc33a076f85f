# Stands in for python:3.13-slim on machines without Docker Hub: see tests/cluster/base.py, which packs root.tar.
FROM scratch
ADD root.tar /
ENV LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    UV_SYSTEM_CERTS=1
CMD ["python"]
