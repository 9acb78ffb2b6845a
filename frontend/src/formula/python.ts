/** A formula as Python with jax.numpy, and a run of raphson on it. */

import type { Formula } from "./parse";

const OWN: ReadonlyMap<string, string> = new Map([
  ["ln", "jnp.log"], ["asin", "jnp.arcsin"], ["acos", "jnp.arccos"], ["atan", "jnp.arctan"], ["atan2", "jnp.arctan2"], ["min", "jnp.minimum"],
  ["max", "jnp.maximum"], ["erf", "special.erf"], ["erfc", "special.erfc"], ["gamma", "special.gamma"], ["lgamma", "special.gammaln"],
]);

/** Names that mean something else in Python, or in the text around the formula. */
const TAKEN = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield f v rp jnp special print").split(" "),
);

const enum Bind { Sum = 1, Product = 2, Sign = 3, Power = 4, Value = 5 }

interface Piece { text: string; bind: Bind }

/** The script: `x` is the point where the run begins. */
export function script({ names, code, response }: Formula, x: number[]): string {
  const own = renamed(names), body = expression(code, own);
  const special = body.includes("special.") ? ["from jax.scipy import special"] : [];
  const left = [...own.values()].join(", ");
  return [
    "import jax.numpy as jnp", ...special, "", "import raphson as rp", "", "", "def f(v):",
    ...(response === null ? [] : [`    # ${response}`]),
    `    ${left}${names.length === 1 ? "," : ""} = v`, `    return ${body}`, "", "",
    `print(rp.minimize(f, [${x.map(number).join(", ")}]))`, "",
  ].join("\n");
}

function renamed(names: string[]): Map<string, string> {
  const own = new Map<string, string>(), used = new Set([...TAKEN, ...names]);
  for (const name of names) {
    let free = name.normalize("NFKC");
    // Python knows one name in all its spellings, and a class's private names by two underscores.
    while (free !== name ? used.has(free) : TAKEN.has(free)) free += "_";
    used.add(free);
    own.set(name, free);
  }
  return own;
}

function expression(code: Formula["code"], own: Map<string, string>): string {
  const stack: Piece[] = [];
  for (const step of code) {
    if (step.kind === "push") stack.push(literal(step.value));
    else if (step.kind === "load") stack.push({ text: own.get(step.name) ?? `jnp.${step.name}`, bind: Bind.Value });
    else stack.push(applied(step.name, stack.splice(stack.length - step.arity), step.power));
  }
  return stack[0].text;
}

function applied(name: string, [a, b]: Piece[], power?: number): Piece {
  const within = (piece: Piece, bind: Bind): string => (piece.bind < bind ? `(${piece.text})` : piece.text);
  switch (name) {
    case "+": case "-": return { text: `${within(a, Bind.Sum)} ${name} ${within(b, Bind.Product)}`, bind: Bind.Sum };
    case "*": case "/": return { text: `${within(a, Bind.Product)} ${name} ${within(b, Bind.Sign)}`, bind: Bind.Product };
    case "^": case "**": return { text: `${within(a, Bind.Value)}**${within(b, Bind.Sign)}`, bind: Bind.Power };
    case "whole": return { text: `${within(a, Bind.Value)}**${power}`, bind: Bind.Power };
    case "negative": return { text: `-${within(a, Bind.Sign)}`, bind: Bind.Sign };
  }
  const args = b ? `${a.text}, ${b.text}` : a.text;
  return { text: `${OWN.get(name) ?? `jnp.${name}`}(${args})`, bind: Bind.Value };
}

function literal(value: number): Piece {
  return { text: number(value), bind: value < 0 || Object.is(value, -0) ? Bind.Sign : Bind.Value };
}

/** Always with a point or an exponent: whole numbers have no derivatives in Python. */
function number(value: number): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
