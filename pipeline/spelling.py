r"""Spells strings without backslashes and NUL for ML Metadata on PostgreSQL, and back.

Its client has libpq quote a value and cuts one character off either end of the answer. A value with
a backslash comes back as ` E'...'`, of which it cuts the space and leaves the `E'`: broken SQL. At
NUL libpq ends a value. `postgresql_store` therefore sends neither.
"""

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

SHOWN = "\uff3c"
"""What a backslash is spelled as: a full-width one, so that people can read it in the database."""
_MARK = "\ue000"
"""Of the private use area. Before `SHOWN` and before itself it says: this very character."""
_NUL = _MARK + "0"

_SPELLED = {"\\": SHOWN, "\0": _NUL, SHOWN: _MARK + SHOWN, _MARK: _MARK + _MARK}
_READ = {spelled: plain for plain, spelled in _SPELLED.items()}
_PLAIN = re.compile("[" + re.escape("".join(_SPELLED)) + "]")
_TO_READ = re.compile(f"{_MARK}[0{SHOWN}{_MARK}]|{SHOWN}")

_STRUCT = "google.protobuf.Struct"
"""ML Metadata stores these as base64."""

Spell = Callable[[str], str]


def spell(text: str) -> str:
    """Returns the text as PostgreSQL gets it: without backslash and NUL, no two texts alike."""
    return _PLAIN.sub(lambda found: _SPELLED[found[0]], text)


def read(text: str) -> str:
    """Returns what `spell` was given."""
    return _TO_READ.sub(lambda found: _READ[found[0]], text)


def respell(message: Message, how: Spell) -> None:
    """Puts every string of a message, keys of maps among them, into the other spelling.

    Raises:
      NotImplementedError: a filter query has a backslash, which in its language quotes.
    """
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_STRING:
            if isinstance(value, str):
                _require_no_quoting(field, value)
                setattr(message, field.name, how(value))
            else:
                value[:] = [how(each) for each in value]
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            _respell_messages(field, value, how)


def _require_no_quoting(field: FieldDescriptor, value: str) -> None:
    if field.name.endswith("_query") and "\\" in value:
        raise NotImplementedError(
            f"expected a {field.name} without a backslash, got {value!r}: on PostgreSQL choose in "
            "Python among what the store returns"
        )


def _respell_messages(field: FieldDescriptor, value: Any, how: Spell) -> None:
    if field.message_type.GetOptions().map_entry:
        _respell_map(value, how)
    elif field.message_type.full_name == _STRUCT:
        return
    elif isinstance(value, Message):
        respell(value, how)
    else:
        for each in value:
            respell(each, how)


def _respell_map(value: Any, how: Spell) -> None:
    told = {key: _copy(each) for key, each in value.items()}
    value.clear()  # at once: a key's new spelling may be the old one of another
    for key, each in told.items():
        new_key = how(key) if isinstance(key, str) else key
        if isinstance(each, Message):
            respell(each, how)
            value[new_key].CopyFrom(each)
        else:
            value[new_key] = how(each) if isinstance(each, str) else each


def _copy(each: Any) -> Any:
    if not isinstance(each, Message):
        return each
    copied = type(each)()
    copied.CopyFrom(each)
    return copied
