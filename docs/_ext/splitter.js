// A query as languages.py splits the pages: words, and of Chinese every two characters beside each other.
var splitQuery = (query) =>
  query
    .split(/[^\p{Letter}\p{Number}_]+/u)
    .flatMap((word) => word.match(/[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+/g) ?? [])
    .flatMap((word) => (/[\u4e00-\u9fff]/.test(word) && word.length > 2 ? pairs(word) : [word]));

var pairs = (word) => [...word].slice(1).map((_, i) => word.slice(i, i + 2));
