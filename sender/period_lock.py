"""The lock on a period: an advisory lock in the warehouse, held by one sender at a time."""

from datetime import date

from psycopg2 import errors

from common.database import Connection, Cursor
from common.errors import WarehouseError

# A run that has just ended or was killed may hold its lock for another moment.
LOCK_TIMEOUT = "3s"
# Separates these advisory locks from those of other programs in the same database.
LOCK_SPACE = 715_031


def lock_period(connection: Connection, period: date) -> None:
    """Lock a period until the connection closes.

    Raises WarehouseError if another sender has the lock. The message names its process.
    """
    month = period.year * 12 + period.month
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout to %s", [LOCK_TIMEOUT])
        try:
            cursor.execute("select pg_advisory_lock(%s, %s)", [LOCK_SPACE, month])
        except errors.LockNotAvailable as error:
            raise WarehouseError(
                f"{period:%Y-%m} is being sent by another sender: {_find_holder(cursor, month)}"
            ) from error
        finally:
            cursor.execute("reset lock_timeout")


def _find_holder(cursor: Cursor, month: int) -> str:
    cursor.execute(
        """
        select usename, application_name, pg_locks.pid
        from pg_locks
        inner join pg_stat_activity on pg_locks.pid = pg_stat_activity.pid
        where locktype = 'advisory' and granted
            and classid = %s and objid = %s
            and database = (select oid from pg_database where datname = current_database())
        """,
        [LOCK_SPACE, month],
    )
    holder = cursor.fetchone()
    return "{} as {}, server process {}".format(*holder) if holder else "a run that has just ended"
