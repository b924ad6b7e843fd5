"""A model's card: the manifest's facts and, where one exists, its evaluation record."""

from sallyport_models.manifest import ModelEntry


def card_of(entry: ModelEntry) -> str:
    """Markdown that says what the model is, what it reads and gives, its licence and where its figures are."""
    lines = [
        f"# {entry.name}",
        "",
        f"{entry.task[0].upper()}{entry.task[1:]}.",
        "",
        "| | |",
        "|---|---|",
        f"| version | {entry.version} |",
        f"| source | package `{entry.source or 'operator-supplied'}`, `{entry.path}` |",
        f"| sha256, as published | `{entry.source_sha256}` |",
        f"| sha256, as loaded | `{entry.sha256}` |",
        f"| licence | {entry.licence}; text: {entry.licence_text} |",
        *(f"| input | {line} |" for line in entry.inputs),
        *(f"| output | {line} |" for line in entry.outputs),
        f"| operating point | {entry.operating_point} |",
        f"| evaluation | {entry.evaluation} |",
        f"| approved by | {entry.approved_by or 'nobody'} |",
    ]
    return "\n".join(lines)
