"""How many of a model's tokens each user's turns have cost today."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from home_energy.database import Database

KEPT_DAYS = 31
"""How long a day's sum is kept."""


def spend(database: Database, user: str, tokens: int, *, now: datetime) -> None:
    """Add what a turn cost to the user's sum of the day (UTC). Blocks."""
    if tokens <= 0:
        return
    today = now.astimezone(UTC).date()
    with database.write() as connection:
        connection.execute(
            text("DELETE FROM tokens_spent WHERE day < :oldest"),
            {"oldest": (today - timedelta(days=KEPT_DAYS)).isoformat()},
        )
        connection.execute(
            text(
                "INSERT INTO tokens_spent (user_name, day, tokens) VALUES (:user, :day, :tokens) "
                "ON CONFLICT (user_name, day) "
                "DO UPDATE SET tokens = tokens_spent.tokens + excluded.tokens"
            ),
            {"user": user, "day": today.isoformat(), "tokens": tokens},
        )


def spent(database: Database, user: str, *, day: date) -> int:
    """Return how many tokens the user's turns cost on a day (UTC). Blocks."""
    with database.read() as connection:
        found = connection.scalar(
            text("SELECT tokens FROM tokens_spent WHERE user_name = :user AND day = :day"),
            {"user": user, "day": day.isoformat()},
        )
    return int(found or 0)


def seconds_left(now: datetime) -> int:
    """Return how long the day (UTC) still lasts, at least 1."""
    now = now.astimezone(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, int((midnight - now).total_seconds()))
