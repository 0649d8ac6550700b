import { describe, expect, it } from 'vitest';
import { addressIn, folded, hasPhrase, indexOf, spellingsOf, wordsOf } from '../../src/domain/search/words.ts';

describe('the words of a text', () => {
  it.each([
    ['Réunion: the  GARDEN plan', ['reunion', 'the', 'garden', 'plan']],
    ['C++, C#, R&D, 3.14, 1,000 and #42', ['c', 'c', 'r', 'd', '3', '14', '1', '000', 'and', '42']],
    ["don’t O'Brien annual_report.pdf", ['don', 't', 'o', 'brien', 'annual_report', 'pdf']],
    [
      'Straße STRASSE STRAẞE ﬁle Ｆｕｌｌ İstanbul ıŞIK ΛΌΓΟΣ',
      'strasse strasse strasse file full istanbul isik λογοσ'.split(' '),
    ],
    ['東京都の会議 2026年', ['東', '京', '都', 'の', '会', '議', '2026', '年']],
    ['회의를', ['회', '의', '를']],
    ['ไทย ดี', ['ไ', 'ท', 'ย', 'ดี']],
    ['п\u02bcять о\u02bbahu', ['п\u02bcять', 'о\u02bbahu']],
    ['スーパー 人々 〆切 ｽｰﾊﾟｰ', ['ス', 'ー', 'パ', 'ー', '人', '々', '〆', '切', 'ス', 'ー', 'パ', 'ー']],
    ['हिन्दी की', ['हिन्दी', 'की']],
    ['co\u00adop na\u200cme e\u0301te\u0301', ['coop', 'name', 'ete']],
    ['ガ ｶﾞ か\u3099', ['ガ', 'ガ', 'が']],
    ['Brand™ №5 ₨500 5㎏ ㍿東 Ⓐb x² ½', 'brand tm no 5 rs 500 5 kg 株 式 会 社 東 a b x2 1 2'.split(' ')],
    ['%% 🎉 -- ()', []],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are the same in any spelling of the same character', () => {
    for (const text of ['Éclair', 'ñandú', 'Ångström', 'Việt Nam']) {
      for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const)
        expect(folded(text.normalize(form))).toBe(folded(text));
    }
  });
});

it.each([
  ['"Café" (йогурт) ﬁle', 'café йогурт file', 'cafe иогурт file'],
  ['東京、都 Tokyo tower', '東京 都 tokyo tower', '東京都 tokyo tower'],
  ['회의 일정A4纸', '회의 일정a4纸', '회의일정a4纸'],
  ['東京都', '東京都'],
  ['Stra\u00adße', 'straße', 'strasse'],
  ['G\u0303uahu so\u0331', 'g\u0303uahu so\u0331', 'guahu so'],
  ['Été™ №5', 'été tm no 5', 'ete tm no 5'],
  ['foo´s é', 'foo s e'],
  ['%% 🎉'],
])('writes the words of %s for a provider as they are, with accents and without', (text, ...spellings) => {
  expect(spellingsOf(text)).toEqual(spellings);
});

it('writes as many whole words as fit', () => {
  expect(['', 'plan', '東京', 'plan 東京'].map(({ length }) => spellingsOf('Plan 東京 harbour', length))).toEqual([
    [],
    ['plan'],
    [],
    ['plan 東京'],
  ]);
});

it('finds a phrase by whole words, side by side and in order', () => {
  const index = indexOf('The quarterly report of C++ and 1,000 cats');
  for (const there of ['report', 'Quarterly REPORT', 'c++ and', '1 000', '1.000 cats', '"report"'])
    expect(hasPhrase(index, there), there).toBe(true);
  for (const absent of ['port', 'reports', 'report quarterly', 'quarterly of', 'cat', '%%', ''])
    expect(hasPhrase(index, absent), absent).toBe(false);
});

it.each([
  ['ada@example.org', 'ada@example.org'],
  ['<ada@example.org>', 'ada@example.org'],
  ['Ada Lovelace <ada@example.org>', 'ada@example.org'],
  ["o'neil+news@sub.example.org", "o'neil+news@sub.example.org"],
  ['jörg@müller.example', 'jörg@müller.example'],
  ['ada@exam\u00adple.org\u200b', 'ada@example.org'],
  ['ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ', 'ada@example.org'],
  ['エイダ ＜ada@example.org＞', 'ada@example.org'],
  ['ada@example.org，', null],
  ['ada@example.org,', null],
  ['ada@example.org;', null],
  ['(ada@example.org)', null],
  ["'ada@example.org'", null],
  ['ada@example.org.', null],
  ['mailto:ada@example.org', null],
  ['@example.org', null],
  ['ada@', null],
  ['ada@example', null],
  ['ada lovelace', null],
])('recognises %s as the address %s', (value, address) => {
  expect(addressIn(value)).toBe(address);
});
