"""The one tree of exceptions. Every message gives the value, the rule it broke and the next step."""

from __future__ import annotations


class PreventionError(Exception):
    """Anything this project refuses; the message is one line, fit to show to a user."""


class CodebookError(PreventionError):
    """A codebook, or a value measured against it, breaks a rule."""


class DocumentError(PreventionError):
    """A file could not be read as a document."""

    def __init__(self, name: str, reason: str, next_step: str) -> None:
        self.name = name
        self.reason = reason
        self.next_step = next_step
        super().__init__(f"{name}: {reason}; {next_step}")


class UnsupportedFormatError(DocumentError):
    """The file is of no kind that can be read."""


class EncryptedDocumentError(DocumentError):
    """The file asks for a password."""


class DamagedDocumentError(DocumentError):
    """The file claims a format but does not hold to it."""


class DocumentLimitError(DocumentError):
    """Reading the file would pass a limit on memory, time or size."""


class MissingPageError(DocumentError):
    """The document has no page of that number."""


class ModelError(PreventionError):
    """A model folder is missing, incomplete or altered."""


class LabelledDataError(PreventionError):
    """Labelled data breaks a rule."""


class TrainingError(PreventionError):
    """A training run could not be carried through."""


class ConfigurationError(PreventionError):
    """A setting or an option has a value that cannot be used."""


class MissingExtraError(PreventionError):
    """A feature was asked for whose packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed; run: pip install 'prevention-classifier[{extra}]'"
        )
