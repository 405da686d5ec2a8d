// A text with a number in it, in the words of its plural category. Pure.

/** The text for `count` in `language` from `words` by plural category; `many` stands in for any that is not there. */
export function countedText(words, count, language) {
  const text = words[new Intl.PluralRules(language).select(count)] ?? words.many;
  return text.replace("{n}", new Intl.NumberFormat(language).format(count));
}
