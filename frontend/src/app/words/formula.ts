/** What is wrong with a formula, in words. In English as src/raphson/cli/expression.py says it. */

import { DEPTH, LENGTH, type Fault } from "../../formula/grammar";
import { quoted } from "../../formula/text";

type Say = (fault: Fault) => string;

const ADVICE: ReadonlyMap<string, [string, string]> = new Map([
  ...["[", "]", "{", "}"].map((c): [string, [string, string]] => [c, ["use parentheses ( )", "请用圆括号 ( )"]]),
  ["\u2212", ["the minus sign is -", "减号是 -"]], ["\u2013", ["the minus sign is -", "减号是 -"]],
  ["\u00b7", ["a product is *", "乘号是 *"]], ["\u00d7", ["a product is *", "乘号是 *"]],
  ["\u00b2", ["a square is **2", "平方写作 **2"]], ["\u00b3", ["a cube is **3", "立方写作 **3"]],
  ["\u221a", ["a root is sqrt( )", "根号写作 sqrt( )"]], ["\u03c0", ["write pi", "请写 pi"]],
  ["=", ["one = may stand after the response, as in y = b1*x", "等号只能有一个，写在左边的名字之后，如 y = b1*x"]],
  ["<", ["there are no comparisons", "这里没有比较"]], [">", ["there are no comparisons", "这里没有比较"]],
  ["!", ["a factorial n! is gamma(n+1)", "阶乘 n! 写作 gamma(n+1)"]],
]);

export const faultEn: Say = (fault) => {
  switch (fault.key) {
    case "length": return `the formula has ${fault.length} characters; the limit is ${LENGTH}`;
    case "deep": return `the formula is nested deeper than ${DEPTH} levels`;
    case "never closed": return "this parenthesis is never closed";
    case "never opened": return "this parenthesis was never opened";
    case "comma": return "a comma only separates the arguments of a function (decimals have a point)";
    case "ends": return "the formula ends where a value is expected";
    case "empty": return "the formula is empty";
    case "expected": return `a value is expected, not ${quoted(fault.text)}`;
    case "missing operator": return `an operator is missing before ${quoted(fault.text)} (a product is written with *)`;
    case "too large": return `${fault.text} is too large for a number`;
    case "meaningless": {
      const advice = ADVICE.get(fault.character);
      return `${quoted(fault.character)} means nothing in a formula${advice ? `; ${advice[0]}` : ""}`;
    }
    case "unknown":
      if (fault.near.length > 0) return `there is no function ${quoted(fault.name)}; did you mean ${fault.near.join(" or ")}?`;
      return `there is no function ${quoted(fault.name)} (a product is written ${fault.name}*( ... ), and the functions are listed below)`;
    case "count": return `${fault.name} takes ${fault.takes} argument${fault.takes > 1 ? "s" : ""}, not ${fault.given}`;
  }
};

export const faultZh: Say = (fault) => {
  switch (fault.key) {
    case "length": return `公式有 ${fault.length} 个字符；最多 ${LENGTH} 个`;
    case "deep": return `公式的嵌套超过 ${DEPTH} 层`;
    case "never closed": return "这个括号没有闭合";
    case "never opened": return "这个括号没有对应的左括号";
    case "comma": return "逗号只用来分隔函数的自变量（小数用点）";
    case "ends": return "公式在需要一个值的地方结束了";
    case "empty": return "公式是空的";
    case "expected": return `这里需要一个值，而不是 ${quoted(fault.text)}`;
    case "missing operator": return `${quoted(fault.text)} 之前缺少运算符（乘法写作 *）`;
    case "too large": return `${fault.text} 太大，不是可用的数`;
    case "meaningless": {
      const advice = ADVICE.get(fault.character);
      return `${quoted(fault.character)} 在公式中没有意义${advice ? `；${advice[1]}` : ""}`;
    }
    case "unknown":
      if (fault.near.length > 0) return `没有函数 ${quoted(fault.name)}；是不是 ${fault.near.join(" 或 ")}？`;
      return `没有函数 ${quoted(fault.name)}（乘法写作 ${fault.name}*( ... )，可用的函数见下）`;
    case "count": return `${fault.name} 要 ${fault.takes} 个自变量，而不是 ${fault.given} 个`;
  }
};
