"""The text of one PDF, page by page, written to standard output as JSON lines by a process with bounds.

    python -m guardrail.fingerprints.pdftext FILE
    {"text": "..."}      a page
    {"error": "..."}     the end, with the reason and the cure
    {"pages": 12}        the end

Rule: a PDF may be made to exhaust its reader.  Memory and processor time of this process are bounded by the system, and
the parent reads an end without one of the two last lines as a failure.
"""

import json
import resource
import sys
from typing import Any

MEMORY = 2 << 30
"""Bytes of address space."""
SECONDS = 600
"""Processor time for one document."""


def main(path: str) -> None:
    """Write the pages of the PDF at `path`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    import pypdf
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            _tell({"error": "the PDF asks for a password; save it without one"})
            return
        for page in reader.pages:
            _tell({"text": page.extract_text()})
        _tell({"pages": len(reader.pages)})
    except PyPdfError as error:
        _tell({"error": f"the PDF cannot be read ({_first_line(error)}); save it again, or as plain text"})
    except (DependencyError, ImportError) as error:  # encrypted with AES, even where no password is asked for
        _tell({"error": f"the PDF is encrypted ({_first_line(error)}); save it without encryption"})
    except Exception as error:  # a malformed file leads pypdf into errors of any class
        _tell({"error": f"the PDF is malformed ({type(error).__name__}); save it again, or as plain text"})


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    main(sys.argv[1])
