"""One sender at a time for a period, by an advisory lock in the warehouse."""

from datetime import date
from typing import Any

from psycopg2 import errors

from common.errors import WarehouseError

# A run that has just ended or was killed holds its lock for a moment longer.
LOCK_TIMEOUT = "3s"
# Keeps our advisory locks apart from those of other programs in the same database.
LOCK_SPACE = 715_031


def hold_period(connection: Any, period: date) -> None:
    """Be the only sender of a period as long as the connection lives.

    Raises WarehouseError that says who else is.
    """
    key = {"space": LOCK_SPACE, "month": period.year * 12 + period.month}
    with connection.cursor() as cursor:
        try:
            cursor.execute("set lock_timeout to %s", [LOCK_TIMEOUT])
            cursor.execute("select pg_advisory_lock(%(space)s, %(month)s)", key)
        except errors.LockNotAvailable:
            is_ours = False
        else:
            is_ours = True
        cursor.execute("reset lock_timeout")
        if is_ours:
            return
        cursor.execute(
            """
            select usename, application_name, pg_locks.pid
            from pg_locks
            inner join pg_stat_activity on pg_locks.pid = pg_stat_activity.pid
            where locktype = 'advisory' and granted
                and classid = %(space)s and objid = %(month)s
                and database = (select oid from pg_database where datname = current_database())
            """,
            key,
        )
        holder = cursor.fetchone()
    who = "{} as {}, server process {}".format(*holder) if holder else "a run that has just ended"
    raise WarehouseError(f"{period:%Y-%m} is being sent by another sender: {who}")
