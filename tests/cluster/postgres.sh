#!/bin/sh
# Serves PGDATA; makes it first where there is none, with POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB.
# Whatever happens halfway, PGDATA is whole or not there: it is made beside, and moved.
set -eu
umask 077
new="$PGDATA.new"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$new"
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm /tmp/password
  echo "host all all all scram-sha-256" >>"$new/pg_hba.conf"
  [ "$POSTGRES_DB" = postgres ] || echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$new" postgres
  mv "$new" "$PGDATA"
fi
unset POSTGRES_PASSWORD
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
