"""Who may see what the second reader said: the one place where the rule for blind coding is asked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.store.keys import Caller
from api.store.leases import withheld


def may_see(session: Session, caller: Caller, document_id: str) -> bool:
    """Tell whether a caller may see second readings of a document: whoever is to label it blind may not.

    All routes to second readings ask this function, and answer 403 `blind` where it says no.
    """
    return not withheld(session, caller.id, document_id)
