#!/bin/sh
# Prints the first Python that can make the virtual environment: 3.11 or newer, with venv and
# ensurepip (Debian packs those two apart). macOS' own python3 is older than one installed beside it.
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then
        command -v "$python"
        exit 0
    fi
done
exit 1
