"""XML from strangers, read in small pieces: no document type, no entities, no endless tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from xml.parsers import expat

from template_gen.meshrefusals import damaged_mesh

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

PIECE_BYTES = 1 << 16
LONGEST_TAG_BYTES = 1 << 16
"""A tag that is not whole is read anew with each piece: a long one takes its length squared."""
SEPARATOR = " "
"""Between namespace and name, as expat gives them; no namespace holds a blank."""


class XmlListener(Protocol):
    """What is told of each piece of a document, in the order of the file."""

    def declare(self, prefix: str | None, namespace: str | None) -> None:
        """Take a prefix for a namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element, namespace and name with a blank between."""

    def end(self, name: str) -> None:
        """Take the end of an element."""

    def text(self, words: str) -> None:
        """Take text between tags, perhaps a part of it."""


def parse_xml(path: Path, stream: IO[bytes], listener: XmlListener) -> None:
    """Read a document to its end.

    Parameters
    ----------
    path : Path
        The file, for the message.
    stream : file of bytes
        The document, UTF-8.
    listener : XmlListener
        Is told of everything; may raise.

    Raises
    ------
    MeshRefusedError
        ``damaged-mesh`` if it is not well-formed, not UTF-8, has a document type (and so could
        have entities) or a tag longer than 64 KiB.
    """
    parser = expat.ParserCreate("utf-8", SEPARATOR)
    # otherwise each end of a line is told alone, and a file of empty lines takes minutes
    parser.buffer_text = True
    parser.StartNamespaceDeclHandler = listener.declare
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text

    def check_declaration(version: str, encoding: str | None, standalone: int) -> None:
        """Refuse another encoding than the one that is read."""
        del version, standalone
        if encoding is not None and encoding.upper() != "UTF-8":
            raise damaged_mesh(path, "XML in UTF-8", encoding[:40])

    def refuse_doctype(*_: object) -> None:
        """Refuse what could define entities."""
        raise damaged_mesh(path, "XML without a document type", "a DOCTYPE")

    parser.XmlDeclHandler = check_declaration
    parser.StartDoctypeDeclHandler = refuse_doctype
    fed = 0
    try:
        while piece := stream.read(PIECE_BYTES):
            parser.Parse(piece, False)  # noqa: FBT003 - expat's own signature
            fed += len(piece)
            if fed - max(0, parser.CurrentByteIndex) > LONGEST_TAG_BYTES + PIECE_BYTES:
                raise damaged_mesh(path, f"tags of {LONGEST_TAG_BYTES} bytes or fewer", "longer")
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, UnicodeError) as error:
        raise damaged_mesh(path, "well-formed XML in UTF-8", str(error)[:200]) from error
