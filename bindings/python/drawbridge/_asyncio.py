"""What the compiled part calls to reach asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

running_loop = asyncio.get_running_loop


def _resolve(future: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    if future.done():  # cancelled meanwhile
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


def deliver(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any], value: object,
            error: BaseException | None) -> None:
    """From any thread: resolves the future in its loop."""
    try:
        loop.call_soon_threadsafe(_resolve, future, value, error)
    except RuntimeError:
        if not loop.is_closed():
            raise
