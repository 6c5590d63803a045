"What people did with which code: records that are appended, read, merged and verified; never judged."

from comprehend_nb.ledger.append import FOLDER, History, Ledger, LedgerError, Person, Problem, Record, last_hash, local, read, whoami

__all__ = ["FOLDER", "History", "Ledger", "LedgerError", "Person", "Problem", "Record", "last_hash", "local", "read", "whoami"]
