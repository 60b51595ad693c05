"""The bodies of the answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.store.tables import Job, JobStatus, Stage, StoredDocument, StoredPrediction
from api.submission import Receipt
from classifier.prediction import Prediction


class Accepted(BaseModel):
    """What became of an upload."""

    document_id: str = Field(examples=["doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    job_id: str | None = Field(
        description="the job that scores it, or has scored it", examples=["job_000644f2c1a3b4c5d6e7f8a9b0c1d2"]
    )
    links: dict[str, str] = Field(examples=[{"document": "/v1/documents/doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"}])


class JobError(BaseModel):
    """Why a job failed."""

    code: str = Field(description="stable, for programs", examples=["encrypted_document"])
    detail: str = Field(
        description="a sentence for people",
        examples=["plan.pdf: is protected by a password; remove the password and submit it again"],
    )


class JobAnswer(BaseModel):
    """Where a job stands."""

    id: str
    document_id: str
    model: str = Field(description="id of the model that scores the document")
    status: JobStatus
    stage: Stage
    done: int = Field(description="pages read, or windows of text scored, in the present stage")
    total: int = Field(description="of how many; 0 where that is not known yet")
    error: JobError | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    links: dict[str, str]


class DocumentAnswer(BaseModel):
    """A document as it was uploaded."""

    id: str
    digest: str = Field(description="SHA-256 of its bytes, in hexadecimal")
    name: str
    format: str = Field(examples=["pdf"])
    size: int = Field(description="bytes")
    pages: int | None = Field(description="known once it has been read")
    authority: str | None
    authority_code: str | None = Field(description="ONS or ODS code", examples=["E06000019"])
    kind: str | None
    year: int | None
    year_end: int | None
    source_url: str | None
    created: datetime
    links: dict[str, str]


class PredictionSummary(BaseModel):
    """What a model says of a document, in short."""

    strength: str | None = Field(description="null where too little of it could be read", examples=["strong"])
    set: list[str] = Field(description="adjacent labels; more than one means: a person decides", examples=[["strong"]])
    model: str


class DocumentDetail(DocumentAnswer):
    """A document with its newest job and what is said of it."""

    job: JobAnswer | None = Field(description="the newest one")
    prediction: PredictionSummary | None = Field(description="by the model in use, else the newest by another")


class DocumentPage(BaseModel):
    """Some of the documents, newest first."""

    documents: list[DocumentAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get the documents after these; null at the end")


class ModelAnswer(BaseModel):
    """A model at hand."""

    id: str = Field(examples=["minilm-6eb073562d"])
    codebook_version: str
    in_use: bool


class Health(BaseModel):
    """Whether the service lives, or is ready to take documents."""

    status: str = Field(examples=["ok"])


class Version(BaseModel):
    """What is running."""

    version: str
    model: str
    codebook_version: str


def document_links(document_id: str) -> dict[str, str]:
    """Return where a document and what belongs to it are found."""
    here = f"/v1/documents/{document_id}"
    return {"document": here, "prediction": f"{here}/prediction", "file": f"{here}/file"}


def _all_links(row: StoredDocument) -> dict[str, str]:
    here = f"/v1/documents/{row.id}"
    links = {**document_links(row.id), "evidence": f"{here}/evidence", "passages": f"{here}/passages", "report": f"{here}/report.html"}  # fmt: skip
    return (
        {**links, "page": f"{here}/pages/1.png", "annotated": f"{here}/annotated.pdf"} if row.format == "pdf" else links
    )


def accepted(receipt: Receipt) -> Accepted:
    """Return a receipt as an answer; nothing in it changes when the same request comes again."""
    job = {"job": f"/v1/jobs/{receipt.job_id}"} if receipt.job_id is not None else {}
    return Accepted(
        document_id=receipt.document_id, job_id=receipt.job_id, links={**document_links(receipt.document_id), **job}
    )


def document_answer(row: StoredDocument) -> DocumentAnswer:
    """Return a stored document as an answer."""
    return DocumentAnswer(
        id=row.id, digest=row.digest, name=row.name, format=row.format, size=row.size, pages=row.pages,
        authority=row.authority, authority_code=row.authority_code, kind=row.kind, year=row.year, year_end=row.year_end,
        source_url=row.source_url, created=row.created, links=_all_links(row),
    )  # fmt: skip


def document_detail(row: StoredDocument, job: Job | None, found: StoredPrediction | None) -> DocumentDetail:
    """Return a stored document with its newest job and its prediction as an answer."""
    summary = None
    if found is not None:
        strength = Prediction.model_validate_json(found.body).strength
        summary = PredictionSummary(strength=strength.label, set=list(strength.set), model=found.model_id)
    return DocumentDetail(
        **document_answer(row).model_dump(), job=job_answer(job) if job is not None else None, prediction=summary
    )


def job_answer(row: Job) -> JobAnswer:
    """Return a stored job as an answer."""
    error = JobError(code=row.error_code, detail=row.error or "") if row.error_code is not None else None
    return JobAnswer.model_validate(
        {
            "id": row.id, "document_id": row.document_id, "model": row.model_id, "status": row.status, "stage": row.stage,
            "done": row.done, "total": row.total, "error": error, "created": row.created, "started": row.started,
            "finished": row.finished, "links": {"job": f"/v1/jobs/{row.id}", **document_links(row.document_id)},
        }
    )  # fmt: skip
