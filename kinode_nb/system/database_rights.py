"""Who may do what with which database (``check_caps`` in ``kinode/src/kv.rs``)."""

from kinode_nb.system.database_requests import Job
from kinode_nb.system.refusals import ADD_CAP_FAILED, NO_READ_CAP, NO_WRITE_CAP, Refused
from kinode_nb.system.vfs_rights import Rights
from kinode_nb.types import Address, KinodeError
from kinode_nb.types.capabilities import database

_OWNERS = frozenset({"Open", "RemoveDb"})
_READING = frozenset({"Get", "Query"})


class Gate:
    """Lets through what may be done with the databases of one module.

    Only processes of the owning package may open and remove. All else needs the database's
    capability, which the owner's processes hold since they opened it: nobody is exempt.
    """

    def __init__(self, our: Address, rights: Rights) -> None:
        """Ask ``rights`` about capabilities that the module ``our`` issued."""
        self._our = our
        self._rights = rights

    def check(self, job: Job) -> None:
        """Raise Refused when the source may not do it."""
        if job.action in _OWNERS:
            if job.source.package_id != job.package:
                raise Refused("MismatchingPackageId")
        elif job.action in _READING:
            if not self._holds(job, "read"):
                raise Refused(NO_READ_CAP)
        elif not self.may_write(job):
            raise Refused(NO_WRITE_CAP)

    def may_write(self, job: Job) -> bool:
        """Tell whether the source may write to the database."""
        return self._holds(job, "write")

    def grant(self, job: Job) -> None:
        """Give the source the capabilities of the database that it has opened."""
        try:
            for kind in ("read", "write"):
                capability = database(self._our, kind, job.package, job.db)
                self._rights.grant(job.source, capability)
        except KinodeError:
            raise Refused(ADD_CAP_FAILED) from None

    def _holds(self, job: Job, kind: str) -> bool:
        return self._rights.holds(job.source, database(self._our, kind, job.package, job.db))
