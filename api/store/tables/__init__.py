"""The tables of the store, by what they hold."""

from api.store.tables.annotations import Annotation
from api.store.tables.base import NAMING, Moment, Table, new_id, now
from api.store.tables.corpus import (
    CorpusItem,
    CorpusLocation,
    CorpusRun,
    CorpusShard,
    ItemStatus,
    RunStatus,
    ShardStatus,
)
from api.store.tables.documents import StoredDocument, StoredPassage, StoredPrediction, StoredReading
from api.store.tables.drafts import Draft, EvidenceMark
from api.store.tables.identity import ApiKey, AuditEntry, Person, Role, Scope, SignIn
from api.store.tables.jobs import IdempotentAnswer, Job, JobStatus, Stage, Submission, SubmissionItem
from api.store.tables.reader import DraftDecision, ReaderRequest, ReaderSpend, SecondReading
from api.store.tables.review import Adjudication, ExportedCorrection, Outcome, ReviewFigure, ReviewLease
from api.store.tables.webhooks import Delivery, DeliveryStatus, Webhook

__all__ = [
    "NAMING",
    "Adjudication",
    "Annotation",
    "ApiKey",
    "AuditEntry",
    "CorpusItem",
    "CorpusLocation",
    "CorpusRun",
    "CorpusShard",
    "Delivery",
    "DeliveryStatus",
    "Draft",
    "DraftDecision",
    "EvidenceMark",
    "ExportedCorrection",
    "IdempotentAnswer",
    "ItemStatus",
    "Job",
    "JobStatus",
    "Moment",
    "Outcome",
    "Person",
    "ReaderRequest",
    "ReaderSpend",
    "ReviewFigure",
    "ReviewLease",
    "Role",
    "RunStatus",
    "Scope",
    "SecondReading",
    "ShardStatus",
    "SignIn",
    "Stage",
    "StoredDocument",
    "StoredPassage",
    "StoredPrediction",
    "StoredReading",
    "Submission",
    "SubmissionItem",
    "Table",
    "Webhook",
    "new_id",
    "now",
]
