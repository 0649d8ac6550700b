import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));

/** Returns the path and the description of everything in the schema that can have a description. */
function descriptions(): [path: string, description: string][] {
  const found: [string, string][] = [];
  const add = (path: string, description: string | null | undefined) => found.push([path, description?.trim() ?? '']);
  for (const type of Object.values(schema.getTypeMap())) {
    if (/^(__|(String|Int|Float|Boolean|ID)$)/.test(type.name)) continue;
    add(type.name, type.description);
    if (isEnumType(type)) for (const value of type.getValues()) add(`${type.name}.${value.name}`, value.description);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) add(`${type.name}.${field.name}`, field.description);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      add(`${type.name}.${field.name}`, field.description);
      for (const arg of field.args) add(`${type.name}.${field.name}(${arg.name})`, arg.description);
    }
  }
  return found;
}

it('describes every type, field, argument and value of the schema', () => {
  const missing = descriptions().filter(([, description]) => description === '');
  expect(missing.map(([path]) => path)).toEqual([]);
});

it('describes each of them in full sentences, from a capital letter to a full stop', () => {
  const cut = descriptions().filter(([, description]) => !/^[A-Z`].*[.]$/s.test(description));
  expect(cut).toEqual([]);
});

/** Words whose meaning a reader of the schema would have to guess, each with what to write instead. */
const UNCLEAR: readonly [RegExp, string][] = [
  [/\bwho(m)?ever\b/i, 'anyone who'],
  [/\banew\b/i, 'again, new'],
  [/\bfor ever\b/i, 'permanently'],
  [/\bin vain\b/i, 'without effect'],
  [/\bcom(e|es|ing) to nothing\b/i, 'fails'],
  [/\bhow far it has come\b|\bcome further\b/i, 'the state of'],
  [/\bit is told\b|\btells? (it|then)\b/i, 'reports'],
  [/\b(what|which) became of\b/i, 'the outcome of'],
  [/\bleft out:|\babsent:/i, 'Default:'],
  [/\bread on\b/i, 'the next page'],
  [/\bnow and then\b/i, 'at intervals of'],
  [/\bmend(s|ed)?\b/i, 'solve'],
  [/\b(we|us|ours?)\b/i, 'the gateway'],
  [/\bsomebody else\b/i, 'another user'],
  [/\bunder way\b/i, 'in progress'],
  [/\bheld against\b/i, 'checked against'],
];

it('describes them in the words of the field', () => {
  const unclear = descriptions().flatMap(([path, description]) =>
    UNCLEAR.filter(([pattern]) => pattern.test(description)).map(([pattern, instead]) => [
      path,
      String(pattern),
      instead,
    ]),
  );
  expect(unclear).toEqual([]);
});
