"""Let schemathesis ask our doors whatever their description allows, and what it does not.

`python tests/fuzz.py` installs it below build/, since its pins are not the server's, starts a
server of its own with the stub graph, and ends with 0 when nothing failed. More arguments are
schemathesis'.
"""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from house import House

ROOT = Path(__file__).parent.parent
HOME = ROOT / "build" / "schemathesis"
CONFIG = Path(__file__).with_name("schemathesis.toml")
VERSION = "4.32.5"
EXAMPLES = 200
"""How many requests each check of a door makes."""


def install() -> Path:
    """Return the program, installed if it is not there."""
    program = HOME / "bin" / "schemathesis"
    if not program.exists():
        uv = _output(ROOT / ".ci" / "uv", sys.executable)
        subprocess.run([uv, "venv", "--quiet", HOME], cwd=ROOT, check=True)
        python = HOME / "bin" / "python"
        wanted = f"schemathesis=={VERSION}"
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, wanted], cwd=ROOT, check=True
        )
    return program


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    program = install()
    with tempfile.TemporaryDirectory(prefix="home-energy-fuzz-") as folder:
        house = House(Path(folder) / "data")
        try:
            return subprocess.run(
                [
                    program,
                    f"--config-file={CONFIG}",
                    "run",
                    f"{house.server.url}/openapi.json",
                    "--header=Authorization: Bearer " + house.keys["alice"],
                    "--include-tag=Sessions",
                    "--include-tag=Documents",
                    "--mode=all",
                    "--checks=all",
                    f"--max-examples={EXAMPLES}",
                    "--seed=1",
                    "--workers=1",
                    "--suppress-health-check=all",
                    "--no-color",
                    *sys.argv[1:],
                ],
                cwd=folder,
                check=False,
            ).returncode
        finally:
            house.close()
            house.server.stop(signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
