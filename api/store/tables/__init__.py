"""The tables of the store, by what they hold."""

from api.store.tables.annotations import Annotation
from api.store.tables.base import NAMING, Moment, Table, new_id, now
from api.store.tables.documents import StoredDocument, StoredPassage, StoredPrediction, StoredReading
from api.store.tables.identity import ApiKey, AuditEntry, Person, Role, Scope, SignIn
from api.store.tables.jobs import IdempotentAnswer, Job, JobStatus, Stage, Submission, SubmissionItem
from api.store.tables.reader import DraftDecision, ReaderRequest, ReaderSpend, SecondReading
from api.store.tables.webhooks import Delivery, DeliveryStatus, Webhook

__all__ = [
    "NAMING",
    "Annotation",
    "ApiKey",
    "AuditEntry",
    "Delivery",
    "DeliveryStatus",
    "DraftDecision",
    "IdempotentAnswer",
    "Job",
    "JobStatus",
    "Moment",
    "Person",
    "ReaderRequest",
    "ReaderSpend",
    "Role",
    "Scope",
    "SecondReading",
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
