"""Driving conversations in an author's own tests: with answers that the test gives, or many of them in lockstep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hub.plugin import Conversation, Payload, Request, Response

T = TypeVar("T")


def answered(conversation: Conversation[T], *answers: Payload) -> tuple[T, list[Request]]:
    """Feed `answers` one after the other. Return what the conversation returned and all that it asked. Raises what the
    conversation raises, and AssertionError if it asks more than there are answers."""
    asked = [next(conversation)]
    for answer in answers:
        try:
            asked.append(conversation.send(Response(payload=answer)))
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"The conversation still asks: {asked[-1]}")


def questions(conversation: Conversation[Any], answers: Sequence[Payload]) -> list[Request]:
    """Return what a conversation asks while it is fed `answers`, however it then goes on."""
    asked = [next(conversation)]
    asked.extend(conversation.send(Response(payload=answer)) for answer in answers)
    return asked


def in_lockstep(
    conversations: Sequence[Conversation[T]], ask: Callable[[tuple[Request, ...]], Sequence[Response]]
) -> list[T | Exception]:
    """Run conversations to their ends as the hub does: what they ask in the same round is one call of `ask`.

    Gives what each of them returned, or raised.
    """
    ends: dict[int, T | Exception] = {}
    answers: dict[int, Response | None] = dict.fromkeys(range(len(conversations)))
    while answers:
        asking: dict[int, Request] = {}
        for place, answer in answers.items():
            talk = conversations[place]
            try:
                asking[place] = next(talk) if answer is None else talk.send(answer)
            except StopIteration as end:
                ends[place] = end.value
            except Exception as error:  # What it is is the test's to judge.
                ends[place] = error
        answers = dict(zip(asking, ask(tuple(asking.values())), strict=True)) if asking else {}
    return [ends[place] for place in range(len(conversations))]
