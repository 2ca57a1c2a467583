"""How often somebody may ask: by key, or by address where there is no valid key."""

import math
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from starlette.types import Scope

from home_energy import keys
from home_energy.errors import SetupError
from home_energy.settings import Settings
from server.address import site_of
from server.caller import Caller, presented_key

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has left of a minute's requests."""

    limit: int
    left: int
    seconds: int
    """Until there is more; at least 1."""
    is_over: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it; with Retry-After once nothing is left."""
        told = {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.left),
            "ratelimit-reset": str(self.seconds),
        }
        return {**told, "retry-after": str(self.seconds)} if self.is_over else told


class Limits:
    """Counts requests and wrong keys, in this process or where the settings say."""

    def __init__(self, settings: Settings) -> None:
        """Raise SetupError when the storage's address cannot be used."""
        try:
            storage = storage_from_string(f"async+{settings.limits_storage}")
        except (ConfigurationError, ValueError) as exc:
            # The address may hold a password, so the sentence does not repeat it.
            raise SetupError(
                "HOME_ENERGY_LIMITS_STORAGE cannot be used: write memory:// or redis://…, and "
                "install the package coredis for the latter."
            ) from exc
        # One window slides over the last minute, so that no two bursts meet at its end.
        self._counter = SlidingWindowCounterRateLimiter(storage)
        self._requests = _per_minute(settings.requests_per_minute)
        self._failures = _per_minute(settings.failed_keys_per_minute)

    async def count(self, scope: Scope, caller: Caller | None) -> Standing | None:
        """Count a request; None where nothing is counted, as for this machine's own user."""
        if self._requests is None or (caller is not None and caller.key_id is None):
            return None
        who = ("key", caller.key_id) if caller else ("address", site_of(scope))
        return await self._hit(self._requests, *map(str, who))

    async def count_failure(self, scope: Scope) -> Standing | None:
        """Count a key that opened nothing, against its address and against the key's id.

        A valid key never comes here, so that nobody can lock out whom it belongs to.
        """
        presented = presented_key(scope)
        if self._failures is None or presented is None:
            return None
        address = await self._hit(self._failures, "failed", site_of(scope))
        key_id = keys.id_of(presented)
        if address.is_over or key_id is None:
            return address
        return await self._hit(self._failures, "failed-key", key_id)

    async def _hit(self, item: RateLimitItemPerMinute, *who: str) -> Standing:
        allowed = await self._counter.hit(item, *who)
        stats = await self._counter.get_window_stats(item, *who)
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        return Standing(item.amount, stats.remaining, min(seconds, MINUTE), is_over=not allowed)


def _per_minute(amount: int) -> RateLimitItemPerMinute | None:
    return RateLimitItemPerMinute(amount, namespace="home-energy") if amount else None
