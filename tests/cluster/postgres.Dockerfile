# PostgreSQL from Debian, for clusters without Docker Hub. It takes the official image's variables, as any user, on a
# read-only root file system: only the volume, /var/run/postgresql and /tmp are written to.
ARG BASE=debian:trixie-slim

FROM ${BASE}
# No cluster of Debian's own making: the one that is served is made where PGDATA is.
RUN mkdir -p /etc/postgresql-common \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
 && apt-get update && apt-get install --yes --no-install-recommends postgresql \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /usr/lib/postgresql/*/bin /usr/lib/postgresql/bin \
 && useradd --uid 1100 --no-create-home --home-dir /tmp gateway
COPY tests/cluster/postgres.sh /usr/local/bin/postgres-from-scratch
# Before Debian's wrappers, which look for clusters of Debian's making.
ENV PATH=/usr/lib/postgresql/bin:$PATH PGDATA=/var/lib/postgresql/data/pgdata
USER 1100:1100
EXPOSE 5432
# Fast: whoever is connected is disconnected. TERM would wait for them.
STOPSIGNAL SIGINT
CMD ["sh", "/usr/local/bin/postgres-from-scratch"]
