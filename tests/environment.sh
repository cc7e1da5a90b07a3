# Sourced by the scripts beside it: goes to the repository's root and puts all that the tests need into a virtual
# environment, unless it is there and as new as the lists of what is needed.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=${FTDEMO_TEST_VENV:-.venv}
if [ ! -x "$venv/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
fi
installed=$venv/ftdemo-tests-installed
if [ requirements.txt -nt "$installed" ] || [ tests/requirements.txt -nt "$installed" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt -r tests/requirements.txt
    touch "$installed"
fi
PATH="$(cd "$venv/bin" && pwd):$PATH"
export PATH
