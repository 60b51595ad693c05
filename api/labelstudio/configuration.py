"""Label Studio's labelling configuration, made from a codebook: labels over the text, and choices for the document."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from classifier.codebook import Codebook

# Names of the configuration's parts. Results refer to them, so they stay as they are.
TEXT, LABELS, CRITERION = "text", "passage-labels", "criterion-"
# Without it the editor shows the text with its white space run together.
_STYLE = ".htx-text{ white-space: pre-wrap; }"


def configuration(codebook: Codebook) -> str:
    """Return the configuration as XML, to be put into a project's settings."""
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    SubElement(view, "Header", value=f"{codebook.title}, codebook {codebook.version}", size="4")
    labels = SubElement(view, "Labels", name=LABELS, toName=TEXT, choice="multiple")
    for label in codebook.passage_labels:
        SubElement(labels, "Label", value=label.key, hint=label.definition)
    # The text goes into the results, so that a label whose place has moved is noticed.
    SubElement(view, "Text", name=TEXT, value="$text", saveTextResult="yes", granularity="word")
    for criterion in codebook.criteria:
        SubElement(view, "Header", value=criterion.question, size="5")
        choices = SubElement(
            view, "Choices", name=CRITERION + criterion.key, toName=TEXT, choice="single", showInline="true"
        )
        for level in criterion.levels:
            SubElement(choices, "Choice", value=level)
    indent(view)
    return tostring(view, encoding="unicode") + "\n"
