/** Names that are nearly a word: `get_close_matches` of Python's difflib (Ratcliff and Obershelp's measure). */

const ENOUGH = 0.6;

/** The most alike, best first; among equals the last in the alphabet. */
export function nearTo(word: string, known: readonly string[], most: number): string[] {
  return known
    .map((name) => ({ name, share: alike(name, word) }))
    .filter(({ share }) => share >= ENOUGH)
    .sort((a, b) => b.share - a.share || (a.name < b.name ? 1 : -1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** Twice the characters in common, in order, over all characters. */
function alike(a: string, b: string): number {
  return (2 * common(a, b)) / (a.length + b.length || 1);
}

function common(a: string, b: string): number {
  let [from, at, length] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1)
    for (let j = 0; j < b.length; j += 1) {
      let k = 0;
      while (i + k < a.length && j + k < b.length && a[i + k] === b[j + k]) k += 1;
      if (k > length) [from, at, length] = [i, j, k];
    }
  if (length === 0) return 0;
  return length + common(a.slice(0, from), b.slice(0, at)) + common(a.slice(from + length), b.slice(at + length));
}
