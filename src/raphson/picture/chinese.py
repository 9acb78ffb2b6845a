"""Chinese for what pictures and reports say: whole sentences from chinese.json, with numbers and names put in.

A key is an English sentence, label or part of a line; `{a}` stands for what is copied, `{A}` for words that are
translated themselves, `{z}` for what is copied and may be a list with "; " between. What is not in the table stays as
it is, and `chinese` says so by returning None.
"""

import json
import re
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from raphson.picture.scene import Scene

LABELS = {
    "why": "原因", "shape": "形状", "work": "工作量", "method": "方法", "means": "含义", "try": "可以试试",
    "note": "说明", "pattern": "稀疏结构", "factor": "因子",
    "warning": "注意", "value": "值", "gradient": "梯度", "kind": "类型", "inertia": "惯性指数", "condition": "条件数",
    "Newton": "牛顿", "aim": "指向", "loss": "损失", "largest": "最大", "smallest": "最小", "trace": "迹",
    "near 0": "零附近", "negative": "负特征值",
}  # fmt: skip
"""The labels of the console's lines."""

WORD = re.compile(r"[A-Za-z]{3,}")
HOLE = re.compile(r"\{([a-zA-Z])\}")

Rule = tuple[re.Pattern[str], str]


@cache
def rules() -> tuple[Rule, ...]:
    """The table as patterns, those with most words first: they say most."""
    table = json.loads(Path(__file__).with_name("chinese.json").read_text(encoding="utf-8"))
    return tuple((pattern(key), table[key]) for key in sorted(table, key=lambda key: -len(HOLE.sub("", key))))


def pattern(key: str) -> re.Pattern[str]:
    """A key that begins a text and ends where a sentence, a part of a line or the text does.

    What is copied has no "; ", ": " or ". " in it: those divide texts into parts.
    """
    parts = HOLE.split(key)
    copied, told, several = "(?:(?!: |[.] )[^;])+?", "[^;]+?", "(?:(?!: |[.] ).)+?"
    hole = lambda name: told if name.isupper() else several if name == "z" else copied
    body = "".join(re.escape(part) if k % 2 == 0 else f"(?P<{part}>{hole(part)})" for k, part in enumerate(parts))
    return re.compile(body + (r"(?=; |\s|$)" if key[-1] in ".:;" else r"(?=; |$)"))


def chinese(text: str) -> str | None:
    """The text in Chinese; None where a part of it is not in the table. Text without words stays as it is."""
    out, rest = "", text.strip()
    while rest:
        found = next((one for rule in rules() if (one := begun(rule, rest)) is not None), None)
        if found is None:
            return None if WORD.search(rest) else out + rest
        words, rest = found
        out += words
        if rest.startswith("; "):
            out, rest = out + "；", rest[2:]
        rest = rest.lstrip()
    return out


def begun(rule: Rule, text: str) -> tuple[str, str] | None:
    """What a rule makes of the beginning of a text, and the rest of it."""
    match = rule[0].match(text)
    if match is None:
        return None
    holes = match.groupdict()
    told = {name: listed(words) if name.isupper() else words.replace("; ", "、") for name, words in holes.items()}
    if any(words is None for words in told.values()):
        return None
    return HOLE.sub(lambda hole: str(told.get(hole[1], hole[0])), rule[1]), text[match.end() :]


def listed(words: str) -> str | None:
    """Words in Chinese, where they are a list each of them."""
    parts = [chinese(part) for part in words.split(", ")]
    return chinese(words) if None in parts else "、".join(str(part) for part in parts)


def spoken(text: str) -> str:
    """The text in Chinese, or as it is: names of variables are in no table."""
    return chinese(text) or text


def chinese_scene(scene: Scene) -> Scene:
    """A scene with its words in Chinese."""
    items = tuple(replace(item, **words_of(item)) for item in scene.items)
    return replace(
        scene, items=items, question=spoken(scene.question), title=spoken(scene.title), caption=spoken(scene.caption),
        notes=tuple(spoken(note) for note in scene.notes), x_label=spoken(scene.x_label), y_label=spoken(scene.y_label),
        below=None if scene.below is None else chinese_scene(scene.below),
    )  # fmt: skip


def words_of(item: Any) -> dict[str, str]:
    """The words of an item, in Chinese."""
    named = {field.name for field in fields(item)}
    return {name: spoken(getattr(item, name)) for name in ("label", "text") if name in named}


def chinese_lines(lines: list[list[str]], method: str = "") -> list[list[str]]:
    """The console's lines in Chinese, with the method's name; how many are not in the table is said at the end."""
    told = [
        (label, method if label == "method" else tips(text) if label == "try" else chinese(text))
        for label, text in lines
    ]
    kept = [[LABELS.get(label, label), text] for label, text in told if text is not None]
    lost = len(told) - len(kept)
    return [*kept, ["", f"另有 {lost} 行只有英文，见英文页面"]] if lost else kept


def chinese_notes(notes: list[str]) -> list[str]:
    """Notes in Chinese; those that are not in the table are counted."""
    told = [chinese(note) for note in notes]
    lost = told.count(None)
    kept = [note for note in told if note is not None]
    return [*kept, f"另有 {lost} 条说明只有英文，见英文页面"] if lost else kept


def tips(text: str) -> str | None:
    """Numbered advice."""
    told = [chinese(tip) for tip in re.split(r"\s*\d+\. ", text) if tip]
    return None if any(tip is None for tip in told) else "   ".join(f"{k}. {tip}" for k, tip in enumerate(told, 1))
