"""`python -m tests.support.sentences` finds texts for people that cannot be translated."""

from __future__ import annotations

from tests.support.sentences import find_wrong_texts

GOOD = """
Problem(what=say("The number %(number)s is taken.", number=number), field="number")
Problem(what=text, why=say("A.") if known else say("B."))
Field(key="tax", label="—", choices=(("", say("None")), ("item", say("Item"))))
NotFound(say("There is no such order."))
say(stored)
say_count("%(num)s order", "%(num)s orders", count)
_("%(day)s", day=day)
report_error(ticket, say("Wait."))
say("Everything.", **values)
"""

BAD = {
    'Problem(what="Taken.")': "not said: 'Taken.'",
    'Problem(what=say("A."), cure=f"Use {name}.")': "not said: f'Use {name}.'",
    'Fix(label="Post " + day)': "not said: 'Post ' + day",
    'Problem(what=say("A."), why="B." if known else "")': "not said: 'B.' if known else ''",
    'Problem(what=text or "B.")': "not said: text or 'B.'",
    'Field(key="a", label=say("A"), choices=(("", "None"), ("b", say("B"))))':
        "not said: (('', 'None'), ('b', say('B')))",
    'Unavailable(" ".join(words))': "not said: ' '.join(words)",
    'report_error(ticket, "Wait.")': "not said: 'Wait.'",
    'say("A " + "B")': "put together: the catalogue needs the whole message in one piece",
    'say(f"{a} B")': "put together: the catalogue needs the whole message in one piece",
    'say("%(a)s of %(b)s", a=1)': "names b, which it is not given",
    'say("A", a=1)': "is given a, which it does not name",
    'say_count("%(num)s of %(all)s", "%(num)s of %(all)s", n)': "names all, which it is not given",
}  # fmt: skip


def test_wrong_texts_are_found_and_good_ones_are_not() -> None:
    assert list(find_wrong_texts(GOOD)) == []
    lines = "\n".join(BAD)
    assert sorted(find_wrong_texts(lines)) == list(enumerate(BAD.values(), start=1))
