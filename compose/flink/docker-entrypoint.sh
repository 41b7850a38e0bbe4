#!/usr/bin/env bash
# Starts what the container is for: `jobmanager`, `taskmanager`, or any command as it is given.
# Flink's operator gives whole commands, such as `kubernetes-jobmanager.sh kubernetes-application`.
set -euo pipefail

case ${1:-help} in
jobmanager | taskmanager)
    role=$1
    shift
    exec "$role.sh" start-foreground "$@"
    ;;
help)
    echo "usage: jobmanager | taskmanager | flink … | any command"
    ;;
*)
    exec "$@"
    ;;
esac
