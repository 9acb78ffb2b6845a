"""The words of the static part of a report that stand around its pictures, in English and Chinese."""

from typing import Any

ENGLISH: dict[str, Any] = {
    "variables": lambda n: f"{n} variable{'' if n == 1 else 's'}",
    "fit": "The fit", "run": "The run", "start": "The start", "point": "The point", "answer": "The answer",
    "returned": "The point returned",
    "trials": "Trials", "notes": "Notes", "yes": "yes", "no": "no", "not finite": "not finite",
    "heads": ("trial", "f", "max |g|", "predicted", "actual", "ratio", "tau", "taken"),
    "tau": {
        "length": "tau is a length.", "radius": "tau is a radius.", "1/lambda": "tau is 1/lambda.",
        "1/sigma": "tau is 1/sigma.",
    },
    "inside": "The pictures can be dragged where scripts are allowed. Everything is inside this one file.",
}  # fmt: skip

CHINESE: dict[str, Any] = {
    "variables": lambda n: f"{n} 个变量",
    "fit": "拟合", "scripts": "数据、曲线和残差的图，允许脚本时显示。", "run": "迭代过程", "start": "起点", "point": "这个点", "answer": "解处", "returned": "返回的点",
    "trials": "试探步", "notes": "说明", "yes": "是", "no": "否", "not finite": "不是有限值",
    "heads": ("步", "f", "max |g|", "预测下降", "实际下降", "比值", "τ", "接受"),
    "tau": {
        "length": "τ 是步长。", "radius": "τ 是信赖域半径。", "1/lambda": "τ = 1/λ（阻尼）。",
        "1/sigma": "τ = 1/σ（三次项权重）。",
    },
    "inside": "允许脚本时，图形可以拖动。一切都在这一个文件里。",
}  # fmt: skip

WORDS = {"en": ENGLISH, "zh": CHINESE}
